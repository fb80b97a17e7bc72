import { compareBytes } from "@spin-publisher/archive";
import { formatFloat } from "../yaml/go-number.ts";
import { isList, isMap, type JsonValue, kindOf, type YamlMap, type YamlValue } from "../yaml/value.ts";

/**
 * The fields of a YAML map as Go's decoder finds them: keys match whatever their case; of several that match, the
 * last in the order of their bytes wins.
 *
 * @param where how error messages name the map.
 */
export function fieldsOf(value: YamlValue, where: string): ReadonlyMap<string, YamlValue> {
  if (value === null) return new Map();
  if (!isMap(value)) throw new Error(`${where} must be a map, but it is ${kindOf(value)}.`);
  const sorted = [...value].sort(([left], [right]) => compareBytes(left, right));
  return new Map(sorted.map(([key, entry]) => [key.toLowerCase(), entry]));
}

/** A string; numbers and booleans become one as in Helm (`1.10` is `1.1`). Nothing is the empty string. */
export function textOf(value: YamlValue | undefined, where: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return formatFloat(value);
  if (isMap(value) || isList(value))
    throw new Error(`${where} must be a string, but it is ${kindOf(value)}.`);
  return String(value);
}

export function flagOf(value: YamlValue | undefined, where: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  throw new Error(`${where} must be true or false, but it is ${kindOf(value)}.`);
}

export function listOf<Item>(
  value: YamlValue | undefined,
  where: string,
  itemOf: (item: YamlValue, where: string) => Item,
): readonly Item[] {
  if (value === undefined || value === null) return [];
  if (!isList(value)) throw new Error(`${where} must be a list, but it is ${kindOf(value)}.`);
  return value.map((item, index) => itemOf(item, `${where}[${index}]`));
}

export function textMapOf(value: YamlValue | undefined, where: string): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return new Map();
  if (!isMap(value)) throw new Error(`${where} must be a map, but it is ${kindOf(value)}.`);
  return new Map([...value].map(([key, entry]) => [key, textOf(entry, `${where}.${key}`)]));
}

/** Any value as JSON has it: every number is floating point. */
export function jsonOf(value: YamlValue, where: string): JsonValue {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" && !Number.isFinite(value))
    throw new Error(`${where} must be a finite number.`);
  if (isMap(value)) return jsonMapOf(value, where);
  if (isList(value)) return value.map((item, index) => jsonOf(item, `${where}[${index}]`));
  return value;
}

function jsonMapOf(map: YamlMap, where: string): ReadonlyMap<string, JsonValue> {
  const sorted = [...map].sort(([left], [right]) => compareBytes(left, right));
  return new Map(sorted.map(([key, entry]) => [key, jsonOf(entry, `${where}.${key}`)]));
}
