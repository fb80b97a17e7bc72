import { ManifestError } from "./error.ts";
import type { TomlTable, TomlValue } from "./toml.ts";

/**
 * Converts a TOML value to the value of a field.
 *
 * @param what where it stands: `application.name`, `component.web.files[2]`.
 */
export type Decoder<Value> = (value: TomlValue, what: string) => Value;

export interface Fields {
  /** The field's value, or undefined where the table does not have it. */
  optional<Value>(name: string, decode: Decoder<Value>): Value | undefined;
  /** @throws ManifestError where the table does not have the field. */
  required<Value>(name: string, decode: Decoder<Value>): Value;
  /** The line of a field, or of the table where the field is absent. */
  lineOf(name: string): number;
}

/**
 * Opens a table of which every field is known. An unknown field is refused by name: it may be a typo or belong to a
 * newer Spin, and ignoring it would publish something other than what was written.
 *
 * @param where where it stands: `component.web`, empty for the whole manifest.
 */
export function fieldsOf(table: TomlTable, where: string, known: readonly string[]): Fields {
  for (const [name, value] of table.entries) {
    if (!known.includes(name)) {
      throw new ManifestError(
        value.line,
        `${where || "the manifest"} has an unknown field "${name}"; the known fields are ${known.join(", ")}`,
      );
    }
  }
  return openFields(table, where);
}

/** Opens a table that may have other fields too (a trigger's own settings). */
export function openFields(table: TomlTable, where: string): Fields {
  const optional = <Value>(name: string, decode: Decoder<Value>): Value | undefined => {
    const value = table.entries.get(name);
    return value === undefined ? undefined : decode(value, join(where, name));
  };
  return {
    optional,
    required: (name, decode) => {
      const value = table.entries.get(name);
      if (value === undefined) {
        throw new ManifestError(table.line, `${where || "the manifest"} is missing the field "${name}"`);
      }
      return decode(value, join(where, name));
    },
    lineOf: (name) => table.entries.get(name)?.line ?? table.line,
  };
}

function join(where: string, name: string): string {
  return where === "" ? name : `${where}.${name}`;
}

export const asText: Decoder<string> = (value, what) => {
  if (value.kind === "string") return value.value;
  throw unexpected(value, what, "a string");
};

export const asFlag: Decoder<boolean> = (value, what) => {
  if (value.kind === "boolean") return value.value;
  throw unexpected(value, what, "true or false");
};

export const asTable: Decoder<TomlTable> = (value, what) => {
  if (value.kind === "table") return value;
  throw unexpected(value, what, "a table");
};

export const asValue: Decoder<TomlValue> = (value) => value;

export function listOf<Item>(item: Decoder<Item>): Decoder<readonly Item[]> {
  return (value, what) => {
    if (value.kind !== "array") throw unexpected(value, what, "a list");
    return value.items.map((entry, index) => item(entry, `${what}[${index}]`));
  };
}

/** A table of any keys whose values are alike; `key` may refuse a name. */
export function mapOf<Value>(
  item: Decoder<Value>,
  key: (name: string, line: number, what: string) => void = () => {},
): Decoder<ReadonlyMap<string, Value>> {
  return (value, what) => {
    const { entries } = asTable(value, what);
    return new Map(
      [...entries].map(([name, entry]) => {
        key(name, entry.line, what);
        return [name, item(entry, join(what, name))] as const;
      }),
    );
  };
}

/** The error for a value of the wrong kind. */
export function unexpected(value: TomlValue, what: string, wanted: string): ManifestError {
  return new ManifestError(value.line, `${what} must be ${wanted}, but it is ${kindOf(value)}`);
}

function kindOf(value: TomlValue): string {
  switch (value.kind) {
    case "string":
      return `the string ${JSON.stringify(value.value)}`;
    case "integer":
      return `the integer ${value.value}`;
    case "float":
      return `the number ${value.value}`;
    case "boolean":
      return String(value.value);
    case "date-time":
      return `the date ${value.text}`;
    case "array":
      return "a list";
    case "table":
      return "a table";
  }
}
