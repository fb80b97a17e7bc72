import { meaningOf } from "./resolve-scalar.ts";

export type Style = "plain" | "single" | "double" | "literal";

/** Line breaks to the writer: YAML 1.1 counts NEL, LS and PS among them. */
export function isBreak(character: string): boolean {
  return /^[\n\r\u0085\u2028\u2029]$/.test(character);
}

/** What the writer puts into double quotes as it is. */
export function isPrintable(character: string): boolean {
  return /^[\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/u.test(character);
}

/** Whether a text spans lines, as the writer counts them. */
export function isMultiline(text: string): boolean {
  return [...text].some(isBreak);
}

/**
 * The style in which Helm's YAML writer puts a text: literal when it has line feeds, plain when it would be read
 * back as the same text, double-quoted otherwise; each falls back to the next stronger one where the text has
 * something that the style cannot carry.
 */
export function styleOf(text: string): Style {
  const traits = traitsOf(text);
  if (text.includes("\n")) return traits.block ? "literal" : "double";
  if (!readsBackAsText(text)) return "double";
  if (traits.plain) return "plain";
  return traits.single ? "single" : "double";
}

/** Base-60 numbers are text to Helm's own reader, and quoted for the sake of others. */
function readsBackAsText(text: string): boolean {
  const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
  return meaningOf(text).kind === "text" && !base60.test(text);
}

/** Which styles can carry a text that is not empty. */
function traitsOf(text: string): {
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
} {
  const characters = [...text];
  const kinds = characters.map((character) =>
    character === " " ? "space" : isBreak(character) ? "break" : "other",
  );
  const pair = (first: string, second: string) =>
    kinds.some((kind, index) => kind === first && kinds[index + 1] === second);
  const special = characters.some((character) => !isPrintable(character));
  const spaceBeforeBreak = pair("space", "break");
  const single = !special && !spaceBeforeBreak && !pair("break", "space");
  const outer = [kinds[0], kinds.at(-1)];
  return {
    plain: single && !kinds.includes("break") && !outer.includes("space") && !hasIndicator(characters),
    single,
    block: !special && !spaceBeforeBreak && kinds.at(-1) !== "space",
  };
}

/** Whether the text holds what a reader would take for the beginning of something else. */
function hasIndicator(characters: readonly string[]): boolean {
  const text = characters.join("");
  if (/^(?:---|\.\.\.)/.test(text) || /^[#,[\]{}&*!|>'"%@`]/.test(text)) return true;
  const blankOrEnd = /^[ \t]?$/;
  return characters.some((character, index) => {
    const followed = blankOrEnd.test(characters[index + 1] ?? "");
    if (character === ":") return followed;
    if (index === 0) return followed && (character === "?" || character === "-");
    const before = characters[index - 1] ?? "";
    return character === "#" && (before === " " || before === "\t" || isBreak(before));
  });
}
