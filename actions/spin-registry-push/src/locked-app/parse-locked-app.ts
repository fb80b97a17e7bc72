import { isDigest } from "@spin-publisher/oci";
import { isArray, isMap, type Json, type JsonMap } from "./json.ts";
import {
  type LockedApp,
  type LockedComponent,
  type LockedContent,
  type LockedFile,
  type LockedTrigger,
  type LockedVariable,
  serialiseLockedApp,
} from "./locked-app.ts";
import { parseJson } from "./parse-json.ts";

/**
 * Reads a locked application that Spin wrote, completely: what is not understood is refused, and writing it again
 * gives the same bytes.
 *
 * @throws Error (a clause for the caller's sentence) naming the first thing that is not understood.
 */
export function parseLockedApp(bytes: Uint8Array): LockedApp {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const fields = structure(parseJson(text), "the locked application", [
    "spin_lock_version",
    "must_understand",
    "metadata",
    "host_requirements",
    "variables",
    "triggers",
    "components",
  ]);
  const app: LockedApp = {
    mustUnderstand: list(fields.get("must_understand"), "must_understand").map((entry) =>
      string(entry, "must_understand"),
    ),
    metadata: map(fields.get("metadata"), "metadata"),
    hostRequirements: map(fields.get("host_requirements"), "host_requirements"),
    variables: mapValues(fields.get("variables"), "variables", variable),
    triggers: list(fields.get("triggers"), "triggers").map(trigger),
    components: list(fields.get("components"), "components").map(component),
  };
  if (serialiseLockedApp(app) !== text) throw new Error("it is not laid out in the way that is known here");
  return app;
}

function variable(value: Json): LockedVariable {
  const fields = structure(value, "a variable", ["description", "default", "secret"]);
  const description = fields.get("description");
  const defaultValue = fields.get("default");
  return {
    secret: fields.get("secret") === true,
    ...(description === undefined ? {} : { description: string(description, "description") }),
    ...(defaultValue === undefined ? {} : { defaultValue: string(defaultValue, "default") }),
  };
}

function trigger(value: Json): LockedTrigger {
  const fields = structure(value, "a trigger", ["id", "trigger_type", "trigger_config"]);
  return {
    id: string(fields.get("id"), "id"),
    type: string(fields.get("trigger_type"), "trigger_type"),
    config: map(fields.get("trigger_config"), "trigger_config"),
  };
}

function component(value: Json): LockedComponent {
  const fields = structure(value, "a component", [
    "id",
    "metadata",
    "source",
    "env",
    "files",
    "config",
    "host_requirements",
  ]);
  const source = structure(fields.get("source"), "a source", ["content_type", "inline", "digest"]);
  return {
    id: string(fields.get("id"), "id"),
    metadata: map(fields.get("metadata"), "metadata"),
    source: content(source),
    environment: mapValues(fields.get("env"), "env", string),
    files: list(fields.get("files"), "files").map(file),
    config: mapValues(fields.get("config"), "config", string),
    hostRequirements: map(fields.get("host_requirements"), "host_requirements"),
  };
}

function file(value: Json): LockedFile {
  const fields = structure(value, "a file", ["inline", "digest", "path"]);
  return { ...content(fields), path: string(fields.get("path"), "path") };
}

function content(fields: JsonMap): LockedContent {
  const digest = string(fields.get("digest"), "digest");
  if (!isDigest(digest)) throw new Error(`"${digest}" is not a digest`);
  const inline = fields.get("inline");
  return inline === undefined
    ? { digest }
    : { digest, inline: Buffer.from(string(inline, "inline"), "base64") };
}

function structure(value: Json | undefined, what: string, known: readonly string[]): JsonMap {
  const fields = map(value, what);
  const unknown = [...fields.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${what} has a field "${unknown}" that is not known here`);
  return fields;
}

function map(value: Json | undefined, what: string): JsonMap {
  if (value === undefined) return new Map();
  if (isMap(value)) return value;
  throw new Error(`${what} is not an object`);
}

function mapValues<Value>(
  value: Json | undefined,
  what: string,
  convert: (value: Json, what: string) => Value,
): ReadonlyMap<string, Value> {
  return new Map([...map(value, what)].map(([name, entry]) => [name, convert(entry, what)]));
}

function list(value: Json | undefined, what: string): readonly Json[] {
  if (value === undefined) return [];
  if (isArray(value)) return value;
  throw new Error(`${what} is not a list`);
}

function string(value: Json | undefined, what: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${what} is not a string`);
}
