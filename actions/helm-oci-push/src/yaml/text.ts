import type { Page } from "./page.ts";
import { isBreak, isPrintable, styleOf } from "./style.ts";

/** From this column on a line is folded at the next blank. */
const width = 80;

/**
 * Writes one text in the style that suits it.
 *
 * @param indent of the lines that it continues on.
 * @param simpleKey whether it is a key with its value on the same line: such a key is never folded.
 */
export function writeText(page: Page, text: string, indent: number, simpleKey: boolean): void {
  const style = styleOf(text);
  if (style === "literal") writeLiteral(page, text, indent);
  else if (style === "double") writeDouble(page, text, indent, !simpleKey);
  else writeFlow(page, text, indent, !simpleKey, style === "single" ? "'" : "");
}

/** Plain and single-quoted text differ in their quotes only. */
function writeFlow(page: Page, text: string, indent: number, mayFold: boolean, quote: "'" | ""): void {
  const characters = [...text];
  page.word(quote);
  let afterSpace = false;
  let afterBreak = false;
  characters.forEach((character, index) => {
    if (character === " ") {
      const inside = quote === "" || (index > 0 && index < characters.length - 1);
      const folds =
        mayFold && !afterSpace && page.column() > width && inside && characters[index + 1] !== " ";
      if (folds) page.startLine(indent);
      else page.raw(character);
      afterSpace = true;
    } else if (isBreak(character)) {
      page.lineBreak(character);
      afterBreak = true;
    } else {
      if (afterBreak) page.startLine(indent);
      page.raw(quote !== "" && character === quote ? "''" : character);
      page.inLine();
      afterSpace = false;
      afterBreak = false;
    }
  });
  page.raw(quote);
  page.endWord();
}

function writeDouble(page: Page, text: string, indent: number, mayFold: boolean): void {
  const characters = [...text];
  page.word('"');
  const escapesAll = text.startsWith("\ufeff"); // go-yaml looks for the mark at the text's start, not at the character
  let afterSpace = false;
  characters.forEach((character, index) => {
    const inside = index > 0 && index < characters.length - 1;
    if (character !== " " || escapesAll) {
      const asItIs = isPrintable(character) && !isBreak(character) && character !== '"' && character !== "\\";
      page.raw(asItIs && !escapesAll ? character : escapeOf(character));
      afterSpace = false;
    } else {
      if (mayFold && !afterSpace && page.column() > width && inside) {
        page.startLine(indent);
        if (characters[index + 1] === " ") page.raw("\\");
      } else page.raw(character);
      afterSpace = true;
    }
  });
  page.raw('"');
  page.endWord();
}

const shortEscapes: Readonly<Record<string, string>> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\u0085": "N",
  "\u00a0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

function escapeOf(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return `\\${short}`;
  const code = character.codePointAt(0) ?? 0;
  const [letter, digits] = code <= 0xff ? ["x", 2] : code <= 0xffff ? ["u", 4] : ["U", 8];
  return `\\${letter}${code.toString(16).toUpperCase().padStart(Number(digits), "0")}`;
}

function writeLiteral(page: Page, text: string, indent: number): void {
  const characters = [...text];
  const [first = "", last = "", beforeLast] = [characters[0], characters.at(-1), characters.at(-2)];
  const indentation = first === " " || isBreak(first) ? "2" : "";
  const keepsBreaks = beforeLast === undefined || isBreak(beforeLast);
  const chomping = isBreak(last) ? (keepsBreaks ? "+" : "") : "-";
  page.word(`|${indentation}${chomping}`);
  page.lineBreak("\n");
  page.lineStarted();
  let afterBreak = true;
  for (const character of characters) {
    if (isBreak(character)) page.lineBreak(character);
    else {
      if (afterBreak) page.startLine(indent);
      page.raw(character);
      page.inLine();
    }
    afterBreak = isBreak(character);
  }
}
