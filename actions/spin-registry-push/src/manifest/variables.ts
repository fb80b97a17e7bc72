import { ManifestError } from "./error.ts";
import { asFlag, asTable, asText, type Decoder, fieldsOf } from "./fields.ts";
import { reasonAgainstLowerSnake } from "./identifiers.ts";
import type { Variable } from "./model.ts";

/** `{ default = "…" }` or `{ required = true }`; `secret` and `description` go with either. */
export const asVariable: Decoder<Variable> = (value, what) => {
  const table = asTable(value, what);
  const fields = fieldsOf(table, what, ["description", "required", "default", "secret"]);
  const description = fields.optional("description", asText);
  const required = fields.optional("required", asFlag) ?? false;
  const defaultValue = fields.optional("default", asText);
  const secret = fields.optional("secret", asFlag) ?? false;
  if (required === (defaultValue !== undefined)) {
    throw new ManifestError(
      table.line,
      `${what} must have either required = true or a default${required ? ", not both" : ""}`,
    );
  }
  return {
    secret,
    ...(description === undefined ? {} : { description }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
  };
};

/** Names of variables are lower-case words joined by underscores, in the application and in components. */
export function requireVariableName(name: string, line: number, what: string): void {
  const reason = reasonAgainstLowerSnake(name);
  if (reason !== undefined) {
    throw new ManifestError(line, `"${name}" is not a valid variable name in ${what}: ${reason}`);
  }
}
