import { isMap, isScalar, type Node, type Pair, parseAllDocuments, type YAMLMap } from "yaml";
import { writeGoJson } from "./go-json.ts";
import type { JsonValue } from "./value.ts";

/** Text that goes in the place of what is between two offsets. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Sets fields of the map that a YAML file holds, and leaves every other byte as it is. Keys match whatever their case,
 * as in Helm; where several match, each is set.
 *
 * @param changes by field; null for what is to be absent.
 */
export function editMap(text: string, changes: ReadonlyMap<string, JsonValue>): string {
  const [document] = parseAllDocuments(text, { schema: "failsafe", uniqueKeys: false, logLevel: "silent" });
  if (document === undefined || !("contents" in document) || !isMap(document.contents)) return text;
  const map = document.contents;
  return [...changes]
    .flatMap(([field, value]) => splicesFor(text, map, field, writeGoJson(value))) // JSON is YAML
    .sort((left, right) => right.start - left.start)
    .reduce((edited, { start, end, text }) => edited.slice(0, start) + text + edited.slice(end), text);
}

function splicesFor(text: string, map: YAMLMap, field: string, json: string): readonly Splice[] {
  const named = map.items.filter(({ key }) => isScalar(key) && isSameKey(key.value, field));
  if (named.length > 0) return named.map((pair) => replacement(text, pair, json));
  const [, end] = rangeOf(map);
  if (map.flow === true) return [{ start: end - 1, end: end - 1, text: `, ${field}: ${json}` }];
  const [first] = rangeOf(map.items[0]?.key);
  const indent = text.slice(text.lastIndexOf("\n", first - 1) + 1, first).replace(/\S/g, " ");
  const newline = text.slice(0, end).endsWith("\n") ? "" : "\n";
  return [{ start: end, end, text: `${newline}${indent}${field}: ${json}\n` }];
}

/** Everything from the key's end to the value's; a block takes its last line break with it, so that is written again. */
function replacement(text: string, { key, value }: Pair, json: string): Splice {
  const [, start] = rangeOf(key);
  const [, end] = rangeOf(value);
  const newline = text.slice(start, end).endsWith("\n") ? "\n" : "";
  return { start, end, text: `: ${json}${newline}` };
}

function rangeOf(node: unknown): readonly [start: number, end: number] {
  const range = (node as Node | undefined)?.range;
  return range ? [range[0], range[1]] : [0, 0];
}

function isSameKey(key: unknown, field: string): boolean {
  return String(key).toLowerCase() === field.toLowerCase();
}
