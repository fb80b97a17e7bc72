/** Whether a character fits. */
type Matcher = (character: string) => boolean;

/** The part of a pattern up to the next `*`. */
interface Chunk {
  readonly afterStar: boolean;
  readonly matchers: readonly Matcher[];
}

/**
 * Compiles a pattern in the dialect of Go's `filepath.Match`, which .helmignore uses: `*` and `?` stop at `/`, a class
 * is negated by `^` (never by `!`) and may match `/`, `\` escapes, and the whole text must match.
 *
 * As in Go, each `*` matches as little as lets the next part match, and never more: one pass, no backtracking.
 *
 * @returns undefined when the pattern is malformed.
 */
export function compileGlob(pattern: string): ((text: string) => boolean) | undefined {
  const chunks = parseChunks([...pattern]);
  return chunks === undefined ? undefined : (text) => matches(chunks, [...text]);
}

function matches(chunks: readonly Chunk[], text: readonly string[]): boolean {
  let at = 0;
  for (const [index, { afterStar, matchers }] of chunks.entries()) {
    const last = index === chunks.length - 1;
    if (afterStar && matchers.length === 0) return !text.slice(at).includes("/");
    let end = endOfMatch(matchers, text, at);
    while (end === undefined || (last && end < text.length)) {
      if (!afterStar || at >= text.length || text[at] === "/") return false;
      at += 1;
      end = endOfMatch(matchers, text, at);
    }
    at = end;
  }
  return at === text.length;
}

function endOfMatch(matchers: readonly Matcher[], text: readonly string[], from: number): number | undefined {
  const fits = matchers.every((matches, offset) => {
    const character = text[from + offset];
    return character !== undefined && matches(character);
  });
  return fits ? from + matchers.length : undefined;
}

function parseChunks(pattern: readonly string[]): readonly Chunk[] | undefined {
  const chunks: { afterStar: boolean; matchers: Matcher[] }[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === "*") {
      const current = chunks.at(-1);
      if (!current?.afterStar || current.matchers.length > 0) chunks.push({ afterStar: true, matchers: [] });
      continue;
    }
    const parsed = parseMatcher(pattern, at);
    if (parsed === undefined) return undefined;
    at = parsed.end;
    if (chunks.length === 0) chunks.push({ afterStar: false, matchers: [] });
    chunks.at(-1)?.matchers.push(parsed.matcher);
  }
  return chunks;
}

/** The part of a pattern that matches one character; `end` is the index of its last character. */
function parseMatcher(
  pattern: readonly string[],
  at: number,
): { readonly matcher: Matcher; readonly end: number } | undefined {
  const character = pattern[at];
  if (character === "?") return { matcher: (given) => given !== "/", end: at };
  if (character === "[") return parseClass(pattern, at + 1);
  const literal = character === "\\" ? pattern[at + 1] : character;
  if (literal === undefined) return undefined;
  return { matcher: (given) => given === literal, end: character === "\\" ? at + 1 : at };
}

/** A class from the character after its `[`. */
function parseClass(
  pattern: readonly string[],
  from: number,
): { readonly matcher: Matcher; readonly end: number } | undefined {
  let at = from;
  const negated = pattern[at] === "^";
  if (negated) at += 1;
  const ranges: (readonly [low: number, high: number])[] = [];
  while (ranges.length === 0 || pattern[at] !== "]") {
    const low = parseBound(pattern, at);
    if (low === undefined) return undefined;
    at = low.next;
    let high = low;
    if (pattern[at] === "-") {
      const bound = parseBound(pattern, at + 1);
      if (bound === undefined) return undefined;
      high = bound;
      at = bound.next;
    }
    ranges.push([low.code, high.code]);
  }
  const matcher = (given: string) => {
    const code = given.codePointAt(0) ?? 0;
    return ranges.some(([low, high]) => low <= code && code <= high) !== negated;
  };
  return { matcher, end: at };
}

/** A character of a class: neither `-` nor `]` unescaped, and not the last of the pattern. */
function parseBound(
  pattern: readonly string[],
  from: number,
): { readonly code: number; readonly next: number } | undefined {
  const escaped = pattern[from] === "\\";
  const at = escaped ? from + 1 : from;
  const character = pattern[at];
  if (character === undefined || (!escaped && (character === "-" || character === "]"))) return undefined;
  return at + 1 < pattern.length ? { code: character.codePointAt(0) ?? 0, next: at + 1 } : undefined;
}
