import { formatFloat } from "./go-number.ts";
import { compareKeys } from "./key-order.ts";
import { meaningOf } from "./plain.ts";
import { isBreak, isMultiline, isPrintable, styleOf } from "./style.ts";

/** What can be written: the JSON that Helm makes of a chart's metadata before it makes YAML of that. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonMap;

export type JsonMap = ReadonlyMap<string, JsonValue>;

/** From this column on a line is folded at the next blank. */
const width = 80;
/** Longest key, in bytes, that is written as `key: value`. */
const simpleKeyBytes = 128;

/**
 * Writes YAML byte for byte as Helm does (sigs.k8s.io/yaml on go-yaml v2): keys sorted, two blanks of indentation,
 * lists not indented below their key, long lines folded after column 80. The rules are those of `helm package`, so
 * a Chart.yaml has the same bytes whichever of the two made the package.
 */
export function writeYaml(document: JsonMap): string {
  const writer = createWriter();
  writeMap(writer, document, 0);
  writer.startLine(0);
  return writer.text();
}

function writeNode(writer: Writer, value: JsonValue, indent: number, inMap: boolean): void {
  if (typeof value === "string") writeText(writer, value, indent, false);
  else if (typeof value === "number") writer.word(numberText(value));
  else if (value === null || typeof value === "boolean") writer.word(String(value));
  else if (value instanceof Map) writeMap(writer, value, indent);
  else if (isList(value)) writeList(writer, value, indent, inMap);
}

function writeMap(writer: Writer, map: JsonMap, indent: number): void {
  if (map.size === 0) writer.word("{}");
  for (const key of [...map.keys()].sort(compareKeys)) {
    const value = map.get(key) ?? null;
    writer.startLine(indent);
    if (!isMultiline(key) && Buffer.byteLength(key) <= simpleKeyBytes) {
      writeText(writer, key, indent + 2, true);
      writer.raw(":");
    } else {
      writer.marker("?");
      writeText(writer, key, indent + 2, false);
      writer.startLine(indent);
      writer.marker(":");
    }
    writeNode(writer, value, indent + 2, true);
  }
}

function writeList(writer: Writer, list: readonly JsonValue[], indent: number, inMap: boolean): void {
  if (list.length === 0) writer.word("[]");
  // A list below a key stands at the key's own column, unless it follows the marker of an explicit key.
  const column = inMap && !writer.atLineStart() ? indent - 2 : indent;
  for (const value of list) {
    writer.startLine(column);
    writer.marker("-");
    writeNode(writer, value, column + 2, false);
  }
}

/** JSON writes a number as JavaScript does; YAML reads that text and writes what it took it for. */
function numberText(value: number): string {
  const meaning = meaningOf(JSON.stringify(value));
  return meaning.kind === "integer" ? String(meaning.value) : formatFloat(value, 64);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function writeText(writer: Writer, text: string, indent: number, simpleKey: boolean): void {
  const style = styleOf(text);
  if (style === "literal") writeLiteral(writer, text, indent);
  else if (style === "double") writeDouble(writer, text, indent, !simpleKey);
  else writeFlow(writer, text, indent, !simpleKey, style === "single" ? "'" : "");
}

/** Plain and single-quoted text differ in their quotes only. */
function writeFlow(writer: Writer, text: string, indent: number, mayFold: boolean, quote: "'" | ""): void {
  const characters = [...text];
  writer.word(quote);
  let afterSpace = false;
  let afterBreak = false;
  characters.forEach((character, index) => {
    if (character === " ") {
      const inside = quote === "" || (index > 0 && index < characters.length - 1);
      const folds =
        mayFold && !afterSpace && writer.column() > width && inside && characters[index + 1] !== " ";
      if (folds) writer.startLine(indent);
      else writer.raw(character);
      afterSpace = true;
    } else if (isBreak(character)) {
      writer.lineBreak(character);
      afterBreak = true;
    } else {
      if (afterBreak) writer.startLine(indent);
      writer.raw(quote !== "" && character === quote ? "''" : character);
      writer.inLine();
      afterSpace = false;
      afterBreak = false;
    }
  });
  writer.raw(quote);
  writer.endWord();
}

function writeDouble(writer: Writer, text: string, indent: number, mayFold: boolean): void {
  const characters = [...text];
  writer.word('"');
  const escapesAll = text.startsWith("\ufeff"); // go-yaml looks for the mark at the text's start, not at the character
  let afterSpace = false;
  characters.forEach((character, index) => {
    const inside = index > 0 && index < characters.length - 1;
    if (character !== " " || escapesAll) {
      const asItIs = isPrintable(character) && !isBreak(character) && character !== '"' && character !== "\\";
      writer.raw(asItIs && !escapesAll ? character : escapeOf(character));
      afterSpace = false;
    } else {
      if (mayFold && !afterSpace && writer.column() > width && inside) {
        writer.startLine(indent);
        if (characters[index + 1] === " ") writer.raw("\\");
      } else writer.raw(character);
      afterSpace = true;
    }
  });
  writer.raw('"');
  writer.endWord();
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

function writeLiteral(writer: Writer, text: string, indent: number): void {
  const characters = [...text];
  const [first = "", last = "", beforeLast] = [characters[0], characters.at(-1), characters.at(-2)];
  const indentation = first === " " || isBreak(first) ? "2" : "";
  const keepsBreaks = beforeLast === undefined || isBreak(beforeLast);
  const chomping = isBreak(last) ? (keepsBreaks ? "+" : "") : "-";
  writer.word(`|${indentation}${chomping}`);
  writer.lineBreak("\n");
  writer.lineStarted();
  let afterBreak = true;
  for (const character of characters) {
    if (isBreak(character)) writer.lineBreak(character);
    else {
      if (afterBreak) writer.startLine(indent);
      writer.raw(character);
      writer.inLine();
    }
    afterBreak = isBreak(character);
  }
}

type Writer = ReturnType<typeof createWriter>;

/**
 * The page being written: what is on it, the column (in characters), whether only indentation and list markers
 * stand on the current line, and whether the last thing written was a blank.
 */
function createWriter() {
  const parts: string[] = [];
  let column = 0;
  let blank = true;
  let onlyIndentation = true;
  const put = (text: string) => {
    parts.push(text);
    column += [...text].length;
  };
  return {
    text: () => parts.join(""),
    column: () => column,
    atLineStart: () => onlyIndentation,
    raw: put,
    inLine() {
      onlyIndentation = false;
    },
    lineStarted() {
      blank = true;
    },
    endWord() {
      blank = false;
      onlyIndentation = false;
    },
    /** A text, separated from what stands before it on the line. */
    word(text: string) {
      if (!blank) put(" ");
      put(text);
      blank = false;
      onlyIndentation = false;
    },
    /** `-`, `?` or an explicit `:`; what follows may start on the same line, as if after indentation. */
    marker(text: string) {
      if (!blank) put(" ");
      put(text);
      blank = false;
    },
    lineBreak(character: string) {
      parts.push(character);
      column = 0;
      onlyIndentation = true;
    },
    /** Goes to `indent` on this line where that is still possible, else on a new one. */
    startLine(indent: number) {
      if (!onlyIndentation || column > indent || (column === indent && !blank)) {
        parts.push("\n");
        column = 0;
      }
      if (column < indent) put(" ".repeat(indent - column));
      blank = true;
      onlyIndentation = true;
    },
  };
}
