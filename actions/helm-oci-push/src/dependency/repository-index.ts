import { isObject } from "@spin-publisher/json";
import { fieldsOf, listOf, textOf } from "../chart/decode.ts";
import { compareVersions, parseLoose } from "../version/semver.ts";
import { readYamlText } from "../yaml/read.ts";
import { isMap, type YamlValue } from "../yaml/value.ts";

/** One version of a chart in the index of a chart repository. */
export interface IndexEntry {
  readonly version: string;
  /** Absolute, or relative to the repository; Helm uses the first. */
  readonly urls: readonly string[];
  /** SHA-256 of the package in hexadecimal; empty where the index does not say. */
  readonly digest: string;
}

/**
 * The entry of one version of a chart in a repository's index.yaml.
 *
 * @param where how error messages name the index.
 * @returns the entry of exactly that version, else one that differs in build metadata only.
 * @throws Error when the index is damaged, or has no such chart or version (naming the newest it has).
 */
export function findEntry(index: string, name: string, version: string, where: string): IndexEntry {
  const entries = entriesOf(index, name, where);
  const exact = entries.find((entry) => entry.version === version);
  const found = exact ?? entries.find((entry) => isSameVersion(entry.version, version));
  if (found !== undefined) return found;
  const newest = entries[0]?.version;
  throw new Error(
    newest === undefined
      ? `${where} has no chart "${name}"; correct "name" or "repository" in Chart.yaml.`
      : `${where} has no version ${version} of the chart ${name}; the first that it lists is ${newest}; run "helm dependency update" and commit Chart.lock.`,
  );
}

function isSameVersion(left: string, right: string): boolean {
  const [a, b] = [parseLoose(left), parseLoose(right)];
  return a !== undefined && b !== undefined && compareVersions(a, b) === 0;
}

function entriesOf(index: string, name: string, where: string): readonly IndexEntry[] {
  const document = index.trimStart().startsWith("{")
    ? jsonIndex(index, where)
    : readYamlText(slice(index, name), where);
  const entries = fieldsOf(document, where).get("entries");
  const versions = isMap(entries) ? entries.get(name) : undefined;
  return listOf(versions, `"${name}" in ${where}`, decodeEntry).flatMap((entry) =>
    entry === undefined ? [] : [entry],
  );
}

/** Malformed entries are skipped, as in Helm; an error still names the version that is missing then. */
function decodeEntry(item: YamlValue, where: string): IndexEntry | undefined {
  if (!isMap(item)) return undefined;
  const version = textOf(item.get("version"), `${where}.version`);
  const urls = listOf(item.get("urls"), `${where}.urls`, textOf);
  if (version === "" || urls.length === 0) return undefined;
  return {
    version,
    urls,
    digest: textOf(item.get("digest"), `${where}.digest`)
      .replace(/^sha256:/, "")
      .toLowerCase(),
  };
}

function jsonIndex(index: string, where: string): YamlValue {
  try {
    return JSON.parse(index, (_key, value: unknown) =>
      isObject(value) ? new Map(Object.entries(value)) : value,
    );
  } catch (cause) {
    throw new Error(`${where} is not valid JSON.`, { cause });
  }
}

/**
 * The part of an index that is about one chart. Indexes reach tens of megabytes, which takes a YAML parser half a
 * minute; those that Helm writes have each chart's name alone on a line at two blanks, and everything about it
 * further right or in list items. An index of any other form is read whole.
 */
function slice(index: string, name: string): string {
  const lines = index.split("\n");
  const entries = lines.indexOf("entries:");
  const begin = lines.indexOf(`  ${name}:`, entries);
  if (entries < 0 || begin < 0) return index;
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => /^(?: ? ?[^ \-#]|#)/.test(line));
  return ["entries:", `  ${name}:`, ...rest.slice(0, end < 0 ? undefined : end)].join("\n");
}
