/**
 * Compiles a pattern in the dialect of Go's `filepath.Match`, which .helmignore uses: `*` and `?` stop at `/`, a class
 * is negated by `^` (never by `!`) and may match `/`, `\` escapes, and the whole text must match.
 *
 * @returns undefined when the pattern is malformed.
 */
export function compileGlob(pattern: string): RegExp | undefined {
  const characters = [...pattern];
  let source = "";
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? "";
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const parsed = parseClass(characters, at + 1);
      if (parsed === undefined) return undefined;
      source += parsed.source;
      at = parsed.end;
    } else if (character === "\\") {
      at += 1;
      if (at >= characters.length) return undefined;
      source += literal(characters[at] ?? "");
    } else source += literal(character);
  }
  return new RegExp(`^${source}$`, "su");
}

/** A class from the character after its `[`; `end` is the index of its `]`. */
function parseClass(
  characters: readonly string[],
  from: number,
): { readonly source: string; readonly end: number } | undefined {
  let at = from;
  const negated = characters[at] === "^";
  if (negated) at += 1;
  const ranges: string[] = [];
  for (let count = 0; count === 0 || characters[at] !== "]"; count += 1) {
    const low = parseBound(characters, at);
    if (low === undefined) return undefined;
    at = low.next;
    let high = low;
    if (characters[at] === "-") {
      const bound = parseBound(characters, at + 1);
      if (bound === undefined) return undefined;
      high = bound;
      at = bound.next;
    }
    if (low.code <= high.code) ranges.push(`${codePoint(low.code)}-${codePoint(high.code)}`); // a range backwards is empty
  }
  const positive = ranges.length === 0 ? "(?!)" : `[${ranges.join("")}]`;
  return { source: negated ? `(?:(?!${positive})[^])` : positive, end: at };
}

/** A character of a class; neither `-` nor `]` can stand there unescaped, and something must follow it. */
function parseBound(
  characters: readonly string[],
  from: number,
): { readonly code: number; readonly next: number } | undefined {
  const escaped = characters[from] === "\\";
  const at = escaped ? from + 1 : from;
  const character = characters[at];
  if (character === undefined || (!escaped && (character === "-" || character === "]"))) return undefined;
  return at + 1 < characters.length ? { code: character.codePointAt(0) ?? 0, next: at + 1 } : undefined;
}

function literal(character: string): string {
  return codePoint(character.codePointAt(0) ?? 0);
}

function codePoint(code: number): string {
  return `\\u{${code.toString(16)}}`;
}
