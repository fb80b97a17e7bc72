import { getInput, getMultilineInput } from "@actions/core";

/** The value of an input, trimmed; empty where it was not given. */
export function text(name: string): string {
  return getInput(name);
}

/** @throws Error when the input is empty: the runner does not enforce `required: true` itself. */
export function requiredText(name: string): string {
  const value = text(name);
  if (value === "") throw new Error(`Input "${name}" is required, but it is empty; set it under "with:".`);
  return value;
}

/** @throws Error when the input is neither `true` nor `false` (YAML 1.2 core schema spellings). */
export function flag(name: string): boolean {
  const value = text(name);
  if (["true", "True", "TRUE"].includes(value)) return true;
  if (["false", "False", "FALSE"].includes(value)) return false;
  throw new Error(`Input "${name}" must be true or false, but it is "${value}".`);
}

/** @throws Error when the input is not one of `values`. */
export function choice<Value extends string>(name: string, values: readonly Value[]): Value {
  const given = text(name);
  const value = values.find((candidate) => candidate === given);
  if (value !== undefined) return value;
  throw new Error(`Input "${name}" must be one of ${values.join(", ")}, but it is "${given}".`);
}

/** The lines of an input, trimmed, without empty ones and comments (lines that begin with `#`). */
export function lines(name: string): readonly string[] {
  return getMultilineInput(name).filter((line) => !line.startsWith("#"));
}

/**
 * The `key=value` lines of an input, split at the first `=`.
 *
 * @throws Error naming the line that has no `=` or no key, or the key that occurs twice.
 */
export function pairs(name: string): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const line of lines(name)) {
    const separator = line.indexOf("=");
    const key = line.slice(0, separator).trim();
    if (separator < 0 || key === "") {
      throw new Error(`Input "${name}" expects lines of the form key=value, but one of them is "${line}".`);
    }
    if (found.has(key)) throw new Error(`Input "${name}" sets "${key}" twice; keep one of the lines.`);
    found.set(key, line.slice(separator + 1).trim());
  }
  return Object.fromEntries(found);
}
