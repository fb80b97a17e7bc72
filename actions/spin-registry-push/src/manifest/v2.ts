import { asComponent } from "./component.ts";
import { ManifestError } from "./error.ts";
import { asTable, asText, asValue, type Decoder, fieldsOf, listOf, mapOf } from "./fields.ts";
import { reasonAgainstKebab } from "./identifiers.ts";
import type { Manifest, TriggerEntry } from "./model.ts";
import type { TomlTable } from "./toml.ts";
import { asTriggerOf } from "./trigger.ts";
import { asVariable, requireVariableName } from "./variables.ts";

/** A manifest of version 2. */
export function readVersion2(root: TomlTable): Manifest {
  const fields = fieldsOf(root, "", [
    "spin_manifest_version",
    "application",
    "variables",
    "trigger",
    "component",
  ]);
  const table = fields.required("application", asTable);
  const application = fieldsOf(table, "application", [
    "name",
    "version",
    "description",
    "authors",
    "targets",
    "trigger",
    "tool",
  ]);
  application.optional("targets", listOf(asValue));
  application.optional("tool", mapOf(asTable));
  return {
    version: 2,
    name: application.required("name", asText),
    applicationVersion: application.optional("version", asText) ?? "",
    description: application.optional("description", asText) ?? "",
    authors: application.optional("authors", listOf(asText)) ?? [],
    triggerSettings: application.optional("trigger", mapOf(asTable)) ?? new Map(),
    variables: fields.optional("variables", mapOf(asVariable, requireVariableName)) ?? new Map(),
    triggers: fields.required("trigger", asTriggers),
    components: fields.optional("component", mapOf(asComponent, requireComponentId)) ?? new Map(),
  };
}

const asTriggers: Decoder<ReadonlyMap<string, readonly TriggerEntry[]>> = (value, what) => {
  const { entries } = asTable(value, what);
  return new Map(
    [...entries].map(([type, triggers]) => [type, listOf(asTriggerOf(type))(triggers, `${what}.${type}`)]),
  );
};

function requireComponentId(id: string, line: number): void {
  const reason = reasonAgainstKebab(id);
  if (reason !== undefined) throw new ManifestError(line, `"${id}" is not a valid component id: ${reason}`);
}
