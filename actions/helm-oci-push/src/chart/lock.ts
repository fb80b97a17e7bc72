import { type Digest, digestOf } from "@spin-publisher/oci";
import { writeGoJson } from "../yaml/go-json.ts";
import { readYaml } from "../yaml/read.ts";
import type { JsonMap, JsonValue, YamlValue } from "../yaml/value.ts";
import { fieldsOf, listOf, textOf } from "./decode.ts";
import { type ChartMetadata, type Dependency, decodeDependency, dependencyJson } from "./metadata.ts";

/** Chart.lock: the versions that were chosen for the dependencies of Chart.yaml. */
export interface ChartLock {
  /** RFC 3339 as Go prints it. */
  readonly generated: string;
  /** Over the dependencies that were asked for and those that were chosen. */
  readonly digest: string;
  /** Undefined where the file says nothing about them: Go writes `null` then. */
  readonly dependencies: readonly Dependency[] | undefined;
}

/** @throws Error when it is not YAML, or a field has the wrong type. */
export function parseLock(bytes: Uint8Array, file: string): ChartLock | undefined {
  const document = readYaml(bytes, file);
  if (document === null) return undefined;
  const fields = fieldsOf(document, file);
  const dependencies = fields.get("dependencies") ?? null;
  return {
    generated: goTime(textOf(fields.get("generated"), `"generated" of ${file}`), file),
    digest: textOf(fields.get("digest"), `"digest" of ${file}`),
    dependencies:
      dependencies === null ? undefined : listOf(dependencies, `"dependencies" of ${file}`, decodeLocked),
  };
}

/** Unlike those of Chart.yaml these are not sanitized. */
function decodeLocked(item: YamlValue, where: string): Dependency {
  return decodeDependency(item, where, (text) => text);
}

/** The lock as JSON, to compare what two of them say. */
export function lockJson({ generated, digest, dependencies }: ChartLock): JsonMap {
  return new Map<string, JsonValue>([
    ["generated", generated],
    ["digest", digest],
    ["dependencies", dependencies?.map(dependencyJson) ?? null],
  ]);
}

/**
 * Whether the lock was made for exactly the dependencies that Chart.yaml has now.
 *
 * Not to be asked for a chart without any: Go tells no list (`null`) from an empty one (`[]`) in the digest, and Helm does
 * not look at a lock that is left over beside them.
 */
export function isCurrent(lock: ChartLock, { apiVersion, dependencies }: ChartMetadata): boolean {
  if (lock.digest === lockDigest(dependencies, lock.dependencies)) return true;
  return apiVersion === "v1" && lock.digest === helm2Digest(dependencies);
}

/**
 * The digest of a lock: over the compact JSON of what was asked for and what was chosen.
 *
 * @param chosen undefined where the lock has no list, which is `null` to Go; an empty list is `[]`.
 */
export function lockDigest(asked: readonly Dependency[], chosen: readonly Dependency[] | undefined): Digest {
  return digestOf(writeGoJson([asked.map(dependencyJson), chosen?.map(dependencyJson) ?? null]));
}

/** Helm 2 hashed only what was asked for. */
function helm2Digest(asked: readonly Dependency[]): Digest {
  return digestOf(writeGoJson(new Map([["dependencies", asked.map(dependencyJson)]])));
}

/** A time as Go prints what it parsed: nanoseconds without trailing zeros, `Z` for UTC; year 1 for nothing. */
function goTime(text: string, file: string): string {
  if (text === "") return "0001-01-01T00:00:00Z";
  const match =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]+))?(Z|[-+][0-9]{2}:[0-9]{2})$/.exec(
      text,
    );
  if (match === null || Number.isNaN(Date.parse(text.replace(",", ".")))) {
    throw new Error(`"generated" of ${file} is "${text}", which is not a time such as 2026-01-31T12:00:00Z.`);
  }
  const [, seconds = "", fraction = "", zone = ""] = match;
  const nanoseconds = fraction.slice(0, 9).replace(/0+$/, "");
  return `${seconds}${nanoseconds === "" ? "" : `.${nanoseconds}`}${zone === "+00:00" || zone === "-00:00" ? "Z" : zone}`;
}
