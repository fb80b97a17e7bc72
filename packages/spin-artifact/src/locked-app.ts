import type { Digest } from "@spin-publisher/oci";
import { type Json, type JsonMap, serialise, structure } from "./json.ts";

/** The locked application: what a runtime is told about an application (Spin's `lock` format, versions 0 and 1). */
export interface LockedApp {
  /** What a reader has to know to run it: `component_host_requirements`. */
  readonly mustUnderstand: readonly string[];
  readonly metadata: JsonMap;
  readonly hostRequirements: JsonMap;
  readonly variables: ReadonlyMap<string, LockedVariable>;
  readonly triggers: readonly LockedTrigger[];
  readonly components: readonly LockedComponent[];
}

export interface LockedVariable {
  readonly description?: string;
  readonly defaultValue?: string;
  readonly secret: boolean;
}

export interface LockedTrigger {
  readonly id: string;
  readonly type: string;
  readonly config: JsonMap;
}

export interface LockedComponent {
  readonly id: string;
  readonly metadata: JsonMap;
  readonly source: LockedContent;
  readonly environment: ReadonlyMap<string, string>;
  readonly files: readonly LockedFile[];
  readonly config: ReadonlyMap<string, string>;
  readonly hostRequirements: JsonMap;
  /**
   * Names of dependencies that are not composed into the module, in an application read from elsewhere (Spin 3.0 and
   * 3.1 published such); never written.
   */
  readonly uncomposed?: readonly string[];
}

/** Content by digest, with the bytes themselves where they are few. */
export interface LockedContent {
  readonly digest: Digest;
  readonly inline?: Uint8Array;
}

export interface LockedFile extends LockedContent {
  readonly path: string;
}

/** The bytes of the locked application as they are published. */
export function serialiseLockedApp(app: LockedApp): string {
  const plain = app.mustUnderstand.length === 0 && app.hostRequirements.size === 0;
  return serialise(
    structure(
      ["spin_lock_version", { number: plain ? "0" : "1" }],
      ["must_understand", unlessEmpty(app.mustUnderstand)],
      ["metadata", unlessNone(app.metadata)],
      ["host_requirements", unlessNone(app.hostRequirements)],
      ["variables", unlessNone(mapValues(app.variables, variable))],
      ["triggers", app.triggers.map(trigger)],
      ["components", app.components.map(component)],
    ),
  );
}

function variable({ description, defaultValue, secret }: LockedVariable): Json {
  return structure(
    ["description", description],
    ["default", defaultValue],
    ["secret", secret ? true : undefined],
  );
}

function trigger({ id, type, config }: LockedTrigger): Json {
  return structure(["id", id], ["trigger_type", type], ["trigger_config", config]);
}

function component(component: LockedComponent): Json {
  return structure(
    ["id", component.id],
    ["metadata", unlessNone(component.metadata)],
    [
      "source",
      structure(
        ["content_type", "application/wasm"],
        ["inline", inline(component.source)],
        ["digest", component.source.digest],
      ),
    ],
    ["env", unlessNone(component.environment)],
    ["files", unlessEmpty(component.files.map(file))],
    ["config", unlessNone(component.config)],
    ["host_requirements", unlessNone(component.hostRequirements)],
  );
}

function file(content: LockedFile): Json {
  return structure(["inline", inline(content)], ["digest", content.digest], ["path", content.path]);
}

/** Base64 without padding: readers refuse the padded form. */
function inline({ inline }: LockedContent): string | undefined {
  return inline === undefined ? undefined : Buffer.from(inline).toString("base64").replace(/=+$/, "");
}

function unlessEmpty(list: readonly Json[]): Json | undefined {
  return list.length === 0 ? undefined : list;
}

function unlessNone(map: JsonMap): Json | undefined {
  return map.size === 0 ? undefined : map;
}

function mapValues<Value>(map: ReadonlyMap<string, Value>, convert: (value: Value) => Json): JsonMap {
  return new Map([...map].map(([name, value]) => [name, convert(value)]));
}
