/** A YAML document as Helm sees it: integers are bigint, floating point numbers are number, keys are text. */
export type YamlValue = null | boolean | bigint | number | string | readonly YamlValue[] | YamlMap;

export type YamlMap = ReadonlyMap<string, YamlValue>;

export function isMap(value: YamlValue | undefined): value is YamlMap {
  return value instanceof Map;
}

export function isList(value: YamlValue | undefined): value is readonly YamlValue[] {
  return Array.isArray(value);
}

/** JSON as Go writes it: the order of a map's keys counts. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonMap;

export type JsonMap = ReadonlyMap<string, JsonValue>;

/** What kind of value it is, with an article, for error messages. */
export function kindOf(value: YamlValue): string {
  if (value === null) return "nothing";
  if (isMap(value)) return "a map";
  if (isList(value)) return "a list";
  if (typeof value === "boolean") return "a boolean";
  return typeof value === "string" ? "a string" : "a number";
}
