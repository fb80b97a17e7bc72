import { asTable, asText, type Decoder, fieldsOf } from "./fields.ts";
import type { TomlTable } from "./toml.ts";

/**
 * Checks the settings of the triggers that are part of Spin: when an application starts, it refuses fields that it does
 * not know (`HttpTriggerConfig` and redis' `TriggerConfig` in Spin's sources). What other triggers accept, only their
 * plugins know.
 *
 * @param allowed fields that are not settings, such as `id`.
 * @throws ManifestError for an unknown field.
 */
export function requireKnownSettings(
  type: string,
  table: TomlTable,
  what: string,
  allowed: readonly string[],
): void {
  if (type === "redis") fieldsOf(table, what, [...allowed, "component", "channel", "address"]);
  if (type !== "http") return;
  const fields = fieldsOf(table, what, [...allowed, "component", "route", "executor", "static_response"]);
  fields.optional("executor", asExecutor);
}

/** `argv` and the deprecated `entrypoint` are for the type `wagi`. */
const asExecutor: Decoder<void> = (value, what) => {
  fieldsOf(asTable(value, what), what, ["type", "argv", "entrypoint"]).required("type", asText);
};
