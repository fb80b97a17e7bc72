/** A JSON object from an untrusted source: its properties are not checked yet. */
export interface JsonObject {
  readonly [key: string]: unknown;
}

/** Whether a value is a JSON object; `null` and arrays are not. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses a document that must be a JSON object in UTF-8.
 *
 * @param what how an error names the document, at the beginning of a sentence.
 * @throws Error when the bytes are not UTF-8, not JSON, or not an object.
 */
export function parseObject(bytes: Uint8Array, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Error(`${what} is not JSON.`, { cause });
  }
  if (isObject(value)) return value;
  throw new Error(`${what} is not a JSON object.`);
}

/** The objects of an array; undefined where `value` is not an array of objects. */
export function objectsOf(value: unknown): readonly JsonObject[] | undefined {
  return Array.isArray(value) && value.every(isObject) ? value : undefined;
}

/** The strings of an array; undefined where `value` is not an array of strings. */
export function stringsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}

/** `object` with its keys in code unit order, so that equal objects have equal bytes. */
export function sortedByKey<Value>(object: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1)));
}
