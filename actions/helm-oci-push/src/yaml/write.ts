import { formatFloat } from "./go-number.ts";
import { compareKeys } from "./key-order.ts";
import { createPage, type Page } from "./page.ts";
import { meaningOf } from "./resolve-scalar.ts";
import { isMultiline } from "./style.ts";
import { writeText } from "./text.ts";

/** What can be written: the JSON that Helm makes of a chart's metadata before it makes YAML of that. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonMap;

export type JsonMap = ReadonlyMap<string, JsonValue>;

/** Longest key, in bytes, that is written as `key: value`. */
const simpleKeyBytes = 128;

/**
 * Writes YAML byte for byte as Helm does (sigs.k8s.io/yaml on go-yaml v2): keys sorted, two blanks of indentation,
 * lists not indented below their key, long lines folded after column 80. The rules are those of `helm package`, so
 * a Chart.yaml has the same bytes whichever of the two made the package.
 */
export function writeYaml(document: JsonMap): string {
  const page = createPage();
  writeMap(page, document, 0);
  page.startLine(0);
  return page.text();
}

function writeNode(page: Page, value: JsonValue, indent: number, inMap: boolean): void {
  if (typeof value === "string") writeText(page, value, indent, false);
  else if (typeof value === "number") page.word(numberText(value));
  else if (value === null || typeof value === "boolean") page.word(String(value));
  else if (value instanceof Map) writeMap(page, value, indent);
  else if (isList(value)) writeList(page, value, indent, inMap);
}

function writeMap(page: Page, map: JsonMap, indent: number): void {
  if (map.size === 0) page.word("{}");
  for (const key of [...map.keys()].sort(compareKeys)) {
    const value = map.get(key) ?? null;
    page.startLine(indent);
    if (!isMultiline(key) && Buffer.byteLength(key) <= simpleKeyBytes) {
      writeText(page, key, indent + 2, true);
      page.raw(":");
    } else {
      page.marker("?");
      writeText(page, key, indent + 2, false);
      page.startLine(indent);
      page.marker(":");
    }
    writeNode(page, value, indent + 2, true);
  }
}

function writeList(page: Page, list: readonly JsonValue[], indent: number, inMap: boolean): void {
  if (list.length === 0) page.word("[]");
  // A list below a key stands at the key's own column, unless it follows the marker of an explicit key.
  const column = inMap && !page.atLineStart() ? indent - 2 : indent;
  for (const value of list) {
    page.startLine(column);
    page.marker("-");
    writeNode(page, value, column + 2, false);
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
