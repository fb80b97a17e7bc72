import { asDependencies } from "./dependencies.ts";
import { ManifestError } from "./error.ts";
import {
  asFlag,
  asTable,
  asText,
  asValue,
  type Decoder,
  type Fields,
  fieldsOf,
  listOf,
  mapOf,
  unexpected,
} from "./fields.ts";
import { convertHttpHosts } from "./http-hosts.ts";
import { isLabel } from "./identifiers.ts";
import type { Build, ComponentEntry, Exclusion, FileEntry, ProfileOverride } from "./model.ts";
import { asSource } from "./source.ts";
import type { TomlTable } from "./toml.ts";
import { requireVariableName } from "./variables.ts";

/** The fields of a component that both manifest versions have under the same name and with the same meaning. */
export const commonComponentFields = [
  "source",
  "description",
  "environment",
  "files",
  "exclude_files",
  "allowed_outbound_hosts",
  "allowed_http_hosts",
  "key_value_stores",
  "sqlite_databases",
  "ai_models",
  "build",
] as const;

const componentFields = [
  ...commonComponentFields,
  "variables",
  "dependencies",
  "dependencies_inherit_configuration",
  "targets",
  "tool",
  "profile",
];

/** A component of manifest version 2. */
export const asComponent: Decoder<ComponentEntry> = (value, what) => {
  const table = asTable(value, what);
  const fields = fieldsOf(table, what, componentFields);
  fields.optional("targets", listOf(asValue));
  fields.optional("tool", mapOf(asTable));
  const outbound = fields.optional("allowed_outbound_hosts", listOf(asText)) ?? [];
  const http = fields.optional("allowed_http_hosts", listOf(asText)) ?? [];
  return {
    line: table.line,
    ...readCommonFields(fields),
    allowedOutboundHosts: [...outbound, ...convertHttpHosts(http, fields.lineOf("allowed_http_hosts"))],
    hostsLine: fields.lineOf(
      table.entries.has("allowed_outbound_hosts") ? "allowed_outbound_hosts" : "allowed_http_hosts",
    ),
    keyValueStores: fields.optional("key_value_stores", listOf(asLabel)) ?? [],
    sqliteDatabases: fields.optional("sqlite_databases", listOf(asLabel)) ?? [],
    variables: fields.optional("variables", mapOf(asText, requireVariableName)) ?? new Map(),
    dependencies: fields.optional("dependencies", asDependencies) ?? new Map(),
    inheritsConfiguration: fields.optional("dependencies_inherit_configuration", asFlag) ?? false,
    profiles: fields.optional("profile", mapOf(asProfile)) ?? new Map(),
    given: givenFields(table),
  };
};

/** Reads the fields that versions 1 and 2 share. */
export function readCommonFields(fields: Fields) {
  const build = fields.optional("build", asBuild);
  return {
    source: fields.required("source", asSource),
    description: fields.optional("description", asText) ?? "",
    environment: fields.optional("environment", mapOf(asText)) ?? new Map<string, string>(),
    files: fields.optional("files", listOf(asFileEntry)) ?? [],
    excludeFiles: fields.optional("exclude_files", listOf(asExclusion)) ?? [],
    aiModels: fields.optional("ai_models", listOf(asText)) ?? [],
    ...(build === undefined ? {} : { build }),
  };
}

/** The fields that are not an empty list or table. */
export function givenFields(table: TomlTable): ReadonlySet<string> {
  const said = [...table.entries].filter(
    ([, value]) =>
      !(value.kind === "array" && value.items.length === 0) &&
      !(value.kind === "table" && value.entries.size === 0),
  );
  return new Set(said.map(([name]) => name));
}

const asExclusion: Decoder<Exclusion> = (value, what) => ({ line: value.line, pattern: asText(value, what) });

const asFileEntry: Decoder<FileEntry> = (value, what) => {
  if (value.kind === "string") return { kind: "pattern", line: value.line, pattern: value.value };
  if (value.kind !== "table")
    throw unexpected(value, what, 'a string or a table such as { source = "static", destination = "/" }');
  const fields = fieldsOf(value, what, ["source", "destination"]);
  return {
    kind: "mapping",
    line: value.line,
    source: fields.required("source", asText),
    destination: fields.required("destination", asText),
  };
};

const asBuild: Decoder<Build> = (value, what) => {
  const fields = fieldsOf(asTable(value, what), what, ["command", "workdir", "watch"]);
  const workdir = fields.optional("workdir", asText);
  return {
    line: value.line,
    command: fields.required("command", asCommand),
    watch: fields.optional("watch", listOf(asText)) ?? [],
    ...(workdir === undefined ? {} : { workdir }),
  };
};

const asCommand: Decoder<string | readonly string[]> = (value, what) =>
  value.kind === "string" ? value.value : listOf(asText)(value, what);

const asProfile: Decoder<ProfileOverride> = (value, what) => {
  const fields = fieldsOf(asTable(value, what), what, ["source", "environment", "dependencies", "build"]);
  const source = fields.optional("source", asSource);
  const command = fields.optional("build", (build, where) =>
    fieldsOf(asTable(build, where), where, ["command"]).required("command", asCommand),
  );
  return {
    line: value.line,
    environment: fields.optional("environment", mapOf(asText)) ?? new Map(),
    dependencies: fields.optional("dependencies", asDependencies) ?? new Map(),
    ...(source === undefined ? {} : { source }),
    ...(command === undefined ? {} : { command }),
  };
};

const asLabel: Decoder<string> = (value, what) => {
  const label = asText(value, what);
  if (isLabel(label)) return label;
  throw new ManifestError(value.line, `${what} must be in kebab-case or snake_case, but it is "${label}"`);
};
