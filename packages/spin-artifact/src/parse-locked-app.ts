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

/** In bytes; the locked application of 200,000 files has some 40 MiB. */
export const largestLockedApp = 64 << 20;

/**
 * Reads a locked application of any publisher, as Spin's own readers do: fields that are not known are passed over.
 *
 * @param bytes JSON, untrusted; paths of files have yet to be checked before anything is written to them.
 * @throws Error (a clause for the caller's sentence) naming the first thing that is missing or of the wrong type.
 */
export function parseLockedApp(bytes: Uint8Array): LockedApp {
  return lockedApp(decode(bytes), () => {});
}

/**
 * Reads a locked application of which nothing may be lost: what is not known is refused, and writing the result gives
 * the same bytes again.
 *
 * @throws Error (a clause for the caller's sentence) naming the first thing that is not known.
 */
export function parseWholeLockedApp(bytes: Uint8Array): LockedApp {
  const text = decode(bytes);
  const app = lockedApp(text, (what, name) => {
    throw new Error(`${what} has a field "${name}" that is not known here`);
  });
  if (serialiseLockedApp(app) !== text) throw new Error("it is not laid out in the way that is known here");
  return app;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error("it is not UTF-8", { cause });
  }
}

/** Called for each field that is not known: what has it, and its name. */
type OnUnknown = (what: string, name: string) => void;

function lockedApp(text: string, onUnknown: OnUnknown): LockedApp {
  const fields = structure(parseJson(text), "the locked application", onUnknown, [
    "spin_lock_version",
    "must_understand",
    "metadata",
    "host_requirements",
    "variables",
    "triggers",
    "components",
  ]);
  return {
    mustUnderstand: list(fields.get("must_understand"), "must_understand").map((entry) =>
      string(entry, "must_understand"),
    ),
    metadata: map(fields.get("metadata"), "metadata"),
    hostRequirements: map(fields.get("host_requirements"), "host_requirements"),
    variables: mapValues(fields.get("variables"), "variables", (value) => variable(value, onUnknown)),
    triggers: list(fields.get("triggers"), "triggers").map((value) => trigger(value, onUnknown)),
    components: list(fields.get("components"), "components").map((value) => component(value, onUnknown)),
  };
}

function variable(value: Json, onUnknown: OnUnknown): LockedVariable {
  const fields = structure(value, "a variable", onUnknown, ["description", "default", "secret"]);
  const description = fields.get("description");
  const defaultValue = fields.get("default");
  return {
    secret: fields.get("secret") === true,
    ...(description === undefined ? {} : { description: string(description, "description") }),
    ...(defaultValue === undefined ? {} : { defaultValue: string(defaultValue, "default") }),
  };
}

function trigger(value: Json, onUnknown: OnUnknown): LockedTrigger {
  const fields = structure(value, "a trigger", onUnknown, ["id", "trigger_type", "trigger_config"]);
  return {
    id: string(fields.get("id"), "id"),
    type: string(fields.get("trigger_type"), "trigger_type"),
    config: map(fields.get("trigger_config"), "trigger_config"),
  };
}

function component(value: Json, onUnknown: OnUnknown): LockedComponent {
  const fields = structure(value, "a component", onUnknown, [
    "id",
    "metadata",
    "source",
    "env",
    "files",
    "config",
    "host_requirements",
  ]);
  const source = structure(fields.get("source"), "a source", onUnknown, ["content_type", "inline", "digest"]);
  const uncomposed = [...map(fields.get("dependencies"), "dependencies").keys()];
  return {
    id: string(fields.get("id"), "id"),
    metadata: map(fields.get("metadata"), "metadata"),
    source: content(source),
    environment: mapValues(fields.get("env"), "env", string),
    files: list(fields.get("files"), "files").map((value) => file(value, onUnknown)),
    config: mapValues(fields.get("config"), "config", string),
    hostRequirements: map(fields.get("host_requirements"), "host_requirements"),
    ...(uncomposed.length === 0 ? {} : { uncomposed }),
  };
}

function file(value: Json, onUnknown: OnUnknown): LockedFile {
  const fields = structure(value, "a file", onUnknown, ["inline", "digest", "path"]);
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

function structure(
  value: Json | undefined,
  what: string,
  onUnknown: OnUnknown,
  known: readonly string[],
): JsonMap {
  const fields = map(value, what);
  for (const name of fields.keys()) if (!known.includes(name)) onUnknown(what, name);
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
