import { commonComponentFields, givenFields, readCommonFields } from "./component.ts";
import { ManifestError } from "./error.ts";
import { asTable, asText, type Decoder, fieldsOf, listOf, mapOf } from "./fields.ts";
import { convertHttpHosts } from "./http-hosts.ts";
import { reasonAgainstKebab } from "./identifiers.ts";
import type { ComponentEntry, Manifest, TriggerEntry } from "./model.ts";
import type { TomlTable } from "./toml.ts";
import { requireTriggerSettings } from "./trigger-settings.ts";
import { asVariable, requireVariableName } from "./variables.ts";

/** The databases that version 1 components may reach by default: their manifests are older than the setting. */
const databaseHosts = ["redis://*:*", "mysql://*:*", "postgres://*:*"];

/** A manifest of version 1, converted to the shape of version 2. */
export function readVersion1(root: TomlTable): Manifest {
  const fields = fieldsOf(root, "", [
    "spin_manifest_version",
    "spin_version",
    "name",
    "version",
    "description",
    "authors",
    "trigger",
    "variables",
    "component",
  ]);
  if (root.entries.has("spin_manifest_version") && root.entries.has("spin_version")) {
    throw new ManifestError(
      fields.lineOf("spin_version"),
      "spin_manifest_version and spin_version are the same field; keep one",
    );
  }
  const trigger = fields.required("trigger", asTable);
  const type = fieldsOfTrigger(trigger);
  const components = fields.optional("component", listOf(asOldComponent)) ?? [];
  for (const [index, component] of components.entries()) {
    requireTriggerSettings(type, component.trigger, `component[${index}].trigger`, []);
  }
  return {
    version: 1,
    name: fields.required("name", asText),
    applicationVersion: fields.optional("version", asText) ?? "",
    description: fields.optional("description", asText) ?? "",
    authors: fields.optional("authors", listOf(asText)) ?? [],
    triggerSettings: new Map([[type, without(trigger, "type")]]),
    variables: fields.optional("variables", mapOf(asVariable, requireVariableName)) ?? new Map(),
    triggers: new Map([[type, components.map(({ id, trigger }) => triggerOf(id, trigger))]]),
    // An id that occurs twice keeps its first place and its last definition, as in a map.
    components: new Map(components.map(({ id, component }) => [id, component])),
  };
}

function fieldsOfTrigger(trigger: TomlTable): string {
  const type = trigger.entries.get("type");
  if (type === undefined)
    throw new ManifestError(
      trigger.line,
      'trigger is missing the field "type", which is "http" for a website',
    );
  return asText(type, "trigger.type");
}

function without(table: TomlTable, name: string): TomlTable {
  return { ...table, entries: new Map([...table.entries].filter(([key]) => key !== name)) };
}

/** The component's whole trigger table is settings: version 1 knows no trigger ids and no inline components. */
function triggerOf(id: string, trigger: TomlTable): TriggerEntry {
  return {
    line: trigger.line,
    componentLine: trigger.line,
    id: `trigger-${id}`,
    component: { kind: "reference", id },
    otherComponents: new Map(),
    settings: trigger.entries,
  };
}

interface OldComponent {
  readonly id: string;
  readonly trigger: TomlTable;
  readonly component: ComponentEntry;
}

const asOldComponent: Decoder<OldComponent> = (value, what) => {
  const table = asTable(value, what);
  const fields = fieldsOf(table, what, [...commonComponentFields, "id", "config", "trigger"]);
  const http = convertHttpHosts(
    fields.optional("allowed_http_hosts", listOf(asText)) ?? [],
    fields.lineOf("allowed_http_hosts"),
  );
  const outbound = fields.optional("allowed_outbound_hosts", listOf(asText)) ?? databaseHosts;
  return {
    id: kebabId(fields.required("id", asText), fields.lineOf("id")),
    trigger: fields.required("trigger", asTable),
    component: {
      line: table.line,
      ...readCommonFields(fields),
      allowedOutboundHosts: [...outbound, ...http],
      hostsLine: fields.lineOf(
        table.entries.has("allowed_outbound_hosts") ? "allowed_outbound_hosts" : "allowed_http_hosts",
      ),
      keyValueStores: fields.optional("key_value_stores", listOf(asText)) ?? [],
      sqliteDatabases: fields.optional("sqlite_databases", listOf(asText)) ?? [],
      variables: fields.optional("config", mapOf(asText, requireVariableName)) ?? new Map(),
      dependencies: new Map(),
      inheritsConfiguration: false,
      profiles: new Map(),
      given: givenFields(table),
    },
  };
};

/** Version 1 allowed any id: those that version 2 does not are lower-cased, with hyphens for underscores. */
function kebabId(id: string, line: number): string {
  if (reasonAgainstKebab(id) === undefined) return id;
  const converted = id.replaceAll("_", "-").toLowerCase();
  const reason = reasonAgainstKebab(converted);
  if (reason === undefined) return converted;
  throw new ManifestError(line, `"${id}" is not a valid component id: ${reason}`);
}
