import { parseLoose, parseStrict } from "../version/semver.ts";
import { authoredField } from "../yaml/authored.ts";
import { readYamlText } from "../yaml/read.ts";
import { textOf } from "./decode.ts";
import type { ChartMetadata } from "./metadata.ts";

/**
 * The rules that a chart must meet for Helm to load it.
 *
 * @param file how error messages name its Chart.yaml.
 * @param authored the bytes of that file, to show what stands there.
 * @throws RefusedField naming the field, what it is, and what it must be.
 */
export function requireLoadable(metadata: ChartMetadata, file: string, authored?: Uint8Array): void {
  const { apiVersion, name, version, type, dependencies } = metadata;
  const refuse = (field: string, reason: string): never => {
    throw refusal(file, field, reason, authored);
  };
  if (apiVersion !== "v1" && apiVersion !== "v2")
    refuse("apiVersion", `has the apiVersion "${apiVersion}"; write v2`);
  if (name === "") refuse("name", 'has no "name"; add one');
  if (name === "." || name === ".." || /[/\\]/.test(name)) {
    refuse("name", `has the name "${name}", which is a path; use the name of the chart alone`);
  }
  if (version === "") refuse("version", 'has no "version"; add one such as 1.0.0');
  if (parseLoose(version) === undefined) {
    refuse("version", `has the version "${version}", which is not SemVer; use one such as 1.0.0`);
  }
  if (!["", "application", "library"].includes(type)) {
    refuse("type", `has the type "${type}"; it must be application or library`);
  }
  const names = new Set<string>();
  for (const dependency of dependencies) {
    const called = dependency.alias === "" ? dependency.name : dependency.alias;
    if (dependency.alias !== "" && !/^[A-Za-z0-9_-]+$/.test(dependency.alias)) {
      refuse(
        "dependencies",
        `gives the dependency ${dependency.name} the alias "${dependency.alias}"; use letters, digits, "_" and "-"`,
      );
    }
    if (names.has(called))
      refuse("dependencies", `has the dependency "${called}" twice; give one of them an alias`);
    names.add(called);
  }
}

/**
 * The stricter rules for a chart that is published: a version that ranges match, and a name that can be part of
 * a repository's.
 *
 * @throws RefusedField as above.
 */
export function requirePublishable(
  { name, version }: Pick<ChartMetadata, "name" | "version">,
  file: string,
  authored?: Uint8Array,
): void {
  if (parseStrict(version) === undefined) {
    const reason = `has the version "${version}", which no version range matches; publish a full SemVer version such as 1.0.0`;
    throw refusal(file, "version", reason, authored);
  }
  if (!/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/.test(name)) {
    const reason = `has the name "${name}", but the name of a chart in a registry may contain lower-case letters, digits, ".", "_" and "-" only${suggestion(name)}`;
    throw refusal(file, "name", reason, authored);
  }
}

/** A field of a Chart.yaml that is refused. */
export class RefusedField extends Error {
  /** Counted from 1. */
  readonly line: number | undefined;

  constructor(message: string, line: number | undefined) {
    super(message);
    this.line = line;
  }
}

function refusal(
  file: string,
  field: string,
  reason: string,
  authored: Uint8Array | undefined,
): RefusedField {
  const found = authored === undefined ? undefined : authoredField(authored, field);
  const unquoted = found === undefined ? undefined : numberIn(found.source);
  const because =
    unquoted === undefined || found === undefined
      ? reason
      : `has ${field}: ${found.source} without quotes, which YAML reads as the number ${unquoted}; quote it, and write a full SemVer version such as ${suggestedVersion(found.source)}`;
  return new RefusedField(`${file} ${because}.`, found?.line);
}

/** The number that YAML makes of an unquoted value, as Helm prints it; undefined where it is not one. */
function numberIn(source: string): string | undefined {
  const value = readYamlText(source, "the value");
  return typeof value === "number" || typeof value === "bigint" ? textOf(value, "the value") : undefined;
}

/** `"1.10.0"` for `1.10`. */
function suggestedVersion(source: string): string {
  const parts = /^[0-9]+(?:\.[0-9]+)?$/.test(source) ? source.split(".") : ["1"];
  return JSON.stringify([...parts, "0", "0"].slice(0, 3).join("."));
}

function suggestion(name: string): string {
  return /^[a-z0-9._-]+$/.test(name.toLowerCase()) && name !== name.toLowerCase()
    ? `; use "${name.toLowerCase()}"`
    : "";
}
