import { isMap, isScalar, LineCounter, parseAllDocuments } from "yaml";

/** A field as its author wrote it. */
export interface AuthoredField {
  /** The value as it stands in the file, quotes included; empty for a list, a map or nothing. */
  readonly source: string;
  /** The line of the key, counted from 1. */
  readonly line: number;
}

/** The field of the map in a YAML file, for an error about it; keys match whatever their case. Undefined where it is not. */
export function authoredField(bytes: Uint8Array, field: string): AuthoredField | undefined {
  const text = new TextDecoder().decode(bytes);
  const lineCounter = new LineCounter();
  const options = { schema: "failsafe", uniqueKeys: false, logLevel: "silent", lineCounter } as const;
  const [document] = parseAllDocuments(text, options);
  if (document === undefined || !("contents" in document) || !isMap(document.contents)) return undefined;
  const pair = document.contents.items.findLast(
    ({ key }) => isScalar(key) && String(key.value).toLowerCase() === field.toLowerCase(),
  );
  if (pair === undefined || !isScalar(pair.key)) return undefined;
  const { line } = lineCounter.linePos(pair.key.range?.[0] ?? 0);
  const [start, end] = isScalar(pair.value) ? (pair.value.range ?? [0, 0]) : [0, 0];
  return { source: text.slice(start, end), line };
}
