import { compareBytes } from "@spin-publisher/archive";

/**
 * JSON whose bytes are decided: maps are written sorted by the UTF-8 bytes of their keys, structures in the order
 * of their fields, numbers as they are spelled.
 */
export type Json =
  | null
  | boolean
  | string
  | { readonly number: string }
  | { readonly fields: readonly (readonly [name: string, value: Json | undefined])[] }
  | readonly Json[]
  | JsonMap;

export type JsonMap = ReadonlyMap<string, Json>;

/** A structure; fields without a value are left out. */
export function structure(...fields: readonly (readonly [string, Json | undefined])[]): Json {
  return { fields };
}

/** Compact JSON. Strings are escaped as `JSON.stringify` does, which is how Spin's serialiser does it too. */
export function serialise(value: Json): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (isMap(value)) {
    const sorted = [...value].sort(([left], [right]) => compareBytes(left, right));
    return object(sorted);
  }
  if (isArray(value)) return `[${value.map(serialise).join(",")}]`;
  return "number" in value ? value.number : object(value.fields);
}

function object(entries: readonly (readonly [string, Json | undefined])[]): string {
  const members = entries.flatMap(([name, value]) =>
    value === undefined ? [] : [`${JSON.stringify(name)}:${serialise(value)}`],
  );
  return `{${members.join(",")}}`;
}

/** Whether it is a map, whose keys are sorted. */
export function isMap(value: Json): value is JsonMap {
  return value instanceof Map;
}

/** `Array.isArray`, which does not narrow readonly arrays. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
