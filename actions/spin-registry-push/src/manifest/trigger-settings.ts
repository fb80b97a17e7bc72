import { ManifestError } from "./error.ts";
import { asTable, asText, asValue, type Decoder, fieldsOf } from "./fields.ts";
import type { Application } from "./model.ts";
import type { TomlTable } from "./toml.ts";

/**
 * Checks the settings of the triggers that are part of Spin. One that Spin does not understand keeps the whole
 * application from starting (`HttpTriggerConfig` and redis' `TriggerConfig` in Spin's sources). What other triggers
 * accept, only their plugins know.
 *
 * @param others fields that are not settings, such as `id`.
 * @throws ManifestError for an unknown or a missing field.
 */
export function requireTriggerSettings(
  type: string,
  table: TomlTable,
  what: string,
  others: readonly string[],
): void {
  if (type === "redis") {
    fieldsOf(table, what, [...others, "component", "channel", "address"]).required("channel", asText);
  }
  if (type !== "http") return;
  const fields = fieldsOf(table, what, [...others, "component", "route", "executor", "static_response"]);
  fields.required("route", asValue);
  fields.optional("executor", asExecutor);
}

/**
 * @throws ManifestError for a trigger of type `http` that answers with nothing, or in two ways.
 */
export function requireAnswer(table: TomlTable, what: string): void {
  const has = (name: string) => table.entries.has(name);
  if (has("component") && has("static_response")) {
    throw new ManifestError(table.line, `${what} has both component and static_response; keep one`);
  }
  if (!has("component") && !has("components") && !has("static_response")) {
    throw new ManifestError(table.line, `${what} needs a component, or a static_response`);
  }
}

/** `argv` and the deprecated `entrypoint` are for the type `wagi`. */
const asExecutor: Decoder<void> = (value, what) => {
  fieldsOf(asTable(value, what), what, ["type", "argv", "entrypoint"]).required("type", asText);
};

/** @throws ManifestError for an application that Spin publishes, and then refuses to start: nothing would call it. */
export function requireTrigger({ triggers, manifestVersion }: Application): void {
  if (triggers.length > 0) return;
  const missing = manifestVersion === 1 ? "[[component]]" : "[[trigger.http]]";
  throw new ManifestError(1, `the application has no trigger, so Spin would not start it; add a ${missing}`);
}
