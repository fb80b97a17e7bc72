/**
 * The glob dialect of Spin manifests: `*`, `?` and `[…]` within a name, `**` for any number of folders. Wildcards
 * match leading dots, case matters everywhere, and there are neither braces nor escapes (`[*]` stands for a star).
 */
type Token =
  | { readonly kind: "character"; readonly character: string }
  /** `?` */
  | { readonly kind: "any" }
  /** `*` */
  | { readonly kind: "sequence" }
  /** `**`: any number of whole folders; always followed by `folder` */
  | { readonly kind: "folders" }
  /** where a path is in the middle of a folder's name that `**` stands for */
  | { readonly kind: "folder" }
  /** `[a-z]`, `[!a-z]` */
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly Range[] };

interface Range {
  readonly first: string;
  readonly last: string;
}

export interface Glob {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** Whether `text` has a character that makes it a pattern rather than a name. */
export function hasWildcards(text: string): boolean {
  return /[?*[\]]/.test(text);
}

/** @throws Error (a clause for the caller's sentence) when `text` is not a pattern. */
export function parseGlob(text: string): Glob {
  const characters = [...text];
  const tokens: Token[] = [];
  let at = 0;
  while (at < characters.length) {
    const character = characters[at] ?? "";
    if (character === "*") {
      const stars = countStars(characters, at);
      if (stars > 2) throw new Error("it has more than two stars in a row");
      const startsFolder = at === 0 || characters[at - 1] === "/";
      at += stars;
      if (stars === 1) {
        tokens.push({ kind: "sequence" });
        continue;
      }
      const endsFolder = at === characters.length || characters[at] === "/";
      if (!startsFolder || !endsFolder) throw new Error('"**" must stand alone between slashes');
      at += 1;
      if (tokens.at(-1)?.kind !== "folder") tokens.push({ kind: "folders" }, { kind: "folder" });
    } else if (character === "[") {
      const { token, next } = parseClass(characters, at);
      tokens.push(token);
      at = next;
    } else {
      tokens.push(character === "?" ? { kind: "any" } : { kind: "character", character });
      at += 1;
    }
  }
  return { text, tokens };
}

function countStars(characters: readonly string[], from: number): number {
  let end = from;
  while (characters[end] === "*") end += 1;
  return end - from;
}

/** A `]` right after the opening is literal, and so is a `-` first or last. */
function parseClass(
  characters: readonly string[],
  open: number,
): { readonly token: Token; readonly next: number } {
  const negated = characters[open + 1] === "!";
  const start = open + (negated ? 2 : 1);
  const close = characters.indexOf("]", start + 1);
  if (close < 0) throw new Error('a "[" is not closed');
  const ranges: Range[] = [];
  let at = start;
  while (at < close) {
    const first = characters[at] ?? "";
    const isRange = at + 2 < close && characters[at + 1] === "-";
    ranges.push({ first, last: isRange ? (characters[at + 2] ?? "") : first });
    at += isRange ? 3 : 1;
  }
  return { token: { kind: "class", negated, ranges }, next: close + 1 };
}

/**
 * Whether the pattern matches all of `path`. Wildcards other than `**` match slashes too: a single name has none,
 * and for a whole path (`exclude_files`) that is how Spin reads them: `*.md` excludes at every depth.
 *
 * All places where the pattern may stand are followed at once, so that no pattern takes more than
 * `path.length × tokens.length` steps.
 */
export function matches({ tokens }: Glob, path: string): boolean {
  let places = new Set<number>();
  enter(places, 0, tokens);
  for (const character of path) {
    const next = new Set<number>();
    for (const place of places) step(next, place, character, tokens);
    if (next.size === 0) return false;
    places = next;
  }
  return [...places].some((place) => isEnd(place, tokens));
}

/** Adds place `index`, the index of the token that comes next, and the places after tokens that may be empty. */
function enter(places: Set<number>, index: number, tokens: readonly Token[]): void {
  places.add(index);
  const kind = tokens[index]?.kind;
  if (kind === "sequence") enter(places, index + 1, tokens);
  if (kind === "folders") enter(places, index + 2, tokens);
}

/** Adds the places that `character` leads to from `place`. */
function step(next: Set<number>, place: number, character: string, tokens: readonly Token[]): void {
  const token = tokens[place];
  if (token === undefined) return;
  if (token.kind === "folders" || token.kind === "folder") {
    const folder = token.kind === "folder" ? place : place + 1;
    next.add(folder);
    if (character === "/") enter(next, folder + 1, tokens);
  } else if (token.kind === "sequence") enter(next, place, tokens);
  else if (accepts(token, character)) enter(next, place + 1, tokens);
}

/** A `**` at the very end also takes the name that the path ends with. */
function isEnd(place: number, tokens: readonly Token[]): boolean {
  if (tokens[place]?.kind !== "folder") return place === tokens.length;
  return tokens.slice(place).every(({ kind }) => ["sequence", "folders", "folder"].includes(kind));
}

function accepts(token: Token, character: string): boolean {
  if (token.kind === "character") return token.character === character;
  if (token.kind !== "class") return true;
  const code = codeOf(character);
  const within = token.ranges.some(({ first, last }) => codeOf(first) <= code && code <= codeOf(last));
  return within !== token.negated;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
