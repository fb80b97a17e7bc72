import {
  type Json,
  type JsonMap,
  type LockedApp,
  type LockedComponent,
  type LockedContent,
  type LockedTrigger,
  structure,
} from "@spin-publisher/spin-artifact";
import type { Content } from "../files/content.ts";
import type { PreparedFile } from "../files/prepare.ts";
import type { Application, Build, Component, Trigger } from "../manifest/model.ts";
import { isServiceChaining } from "../manifest/outbound-hosts.ts";
import { jsonOf } from "./from-toml.ts";

/** A component with its contents. */
export interface PreparedComponent {
  readonly component: Component;
  readonly source: Content;
  /** Sorted by path. */
  readonly files: readonly PreparedFile[];
}

/** The locked application of a manifest, in the form that Spin has published since 2.0. */
export function lockApplication(
  application: Application,
  components: readonly PreparedComponent[],
): LockedApp {
  const locked = components.map(lockComponent);
  return {
    mustUnderstand: locked.some(({ hostRequirements }) => hostRequirements.size > 0)
      ? ["component_host_requirements"]
      : [],
    metadata: applicationMetadata(application),
    hostRequirements: new Map(),
    variables: application.variables,
    triggers: application.triggers.map(lockTrigger),
    components: locked,
  };
}

/**
 * `triggers` has the settings of every trigger type; `trigger` repeats them, with the type's name, for an application
 * with exactly one type, where older readers look for them.
 */
function applicationMetadata(application: Application): JsonMap {
  const { name, version, description, authors, profile, triggerSettings } = application;
  const settings = new Map([...triggerSettings].map(([type, table]) => [type, jsonOf(table)]));
  const [type, ...others] = new Set(application.triggers.map((trigger) => trigger.type));
  const only = type !== undefined && others.length === 0 ? triggerSettings.get(type) : undefined;
  return new Map<string, Json>([
    ...(authors.length > 0 ? [["authors", authors] as const] : []),
    ...(description !== "" ? [["description", description] as const] : []),
    ...(name !== "" ? [["name", name] as const] : []),
    ...(profile !== undefined ? [["profile", profile] as const] : []),
    ...(type !== undefined && others.length === 0
      ? [["trigger", new Map<string, Json>([...entriesOf(only), ["type", type]])] as const]
      : []),
    ["triggers", settings],
    ...(version !== "" ? [["version", version] as const] : []),
  ]);
}

function entriesOf(table: Parameters<typeof jsonOf>[0] | undefined): readonly (readonly [string, Json])[] {
  return table?.kind === "table" ? [...table.entries].map(([name, value]) => [name, jsonOf(value)]) : [];
}

function lockTrigger({ id, type, component, otherComponents, settings }: Trigger): LockedTrigger {
  const config = new Map([...settings].map(([name, value]) => [name, jsonOf(value)]));
  if (component !== undefined) config.set("component", component);
  if (otherComponents.size > 0) config.set("components", otherComponents);
  return { id, type, config };
}

function lockComponent({ component, source, files }: PreparedComponent): LockedComponent {
  const chaining = component.allowedOutboundHosts.some(isServiceChaining);
  return {
    id: component.id,
    metadata: componentMetadata(component),
    source: lockContent(source),
    environment: component.environment,
    files: files.map(({ path, content }) => ({ ...lockContent(content), path })),
    config: component.variables,
    hostRequirements: new Map(chaining ? [["local_service_chaining", "required"]] : []),
  };
}

function lockContent({ digest, inline }: Content): LockedContent {
  return inline === undefined ? { digest } : { digest, inline };
}

function componentMetadata(component: Component): JsonMap {
  const metadata = new Map<string, Json>();
  const lists = {
    ai_models: component.aiModels,
    allowed_outbound_hosts: component.allowedOutboundHosts,
    databases: component.sqliteDatabases,
    key_value_stores: component.keyValueStores,
  };
  for (const [name, list] of Object.entries(lists)) if (list.length > 0) metadata.set(name, list);
  if (component.build !== undefined) metadata.set("build", lockBuild(component.build));
  if (component.description !== "") metadata.set("description", component.description);
  return metadata;
}

/** Build commands are published: everyone who can pull the application can read them. */
function lockBuild({ command, watch, workdir }: Build): Json {
  return structure(
    ["command", command],
    ["watch", watch.length === 0 ? undefined : watch],
    ["workdir", workdir],
  );
}
