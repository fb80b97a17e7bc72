import { compareBytes } from "@spin-publisher/archive";
import type { JsonMap, JsonValue } from "./value.ts";

/**
 * Compact JSON as Go's encoder writes it: `<`, `>`, `&` and the two Unicode line separators are escaped, so that a
 * digest over it is the one that Helm computes. Maps are written in the order they have.
 */
export function writeGoJson(value: JsonValue): string {
  if (value instanceof Map) {
    return `{${[...value].map(([key, entry]) => `${quote(key)}:${writeGoJson(entry)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeGoJson).join(",")}]`;
  return typeof value === "string" ? quote(value) : JSON.stringify(value);
}

/** A map with its keys in the order of their bytes, as Go writes maps. */
export function sortedMap<Value extends JsonValue>(
  map: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  return new Map([...map].sort(([left], [right]) => compareBytes(left, right)));
}

/** A map of the given fields without those that Go leaves out when they are empty. */
export function withoutEmpty(fields: readonly (readonly [string, JsonValue])[]): JsonMap {
  return new Map(fields.filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: JsonValue): boolean {
  if (value instanceof Map) return value.size === 0;
  return value === "" || value === false || value === null || (Array.isArray(value) && value.length === 0);
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
