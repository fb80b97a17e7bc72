import { parseLoose, parseStrict } from "../version/semver.ts";
import type { ChartMetadata } from "./metadata.ts";

/**
 * The rules that a chart must meet for Helm to load it.
 *
 * @param file how error messages name its Chart.yaml.
 * @throws Error naming the field, what it is, and what it must be.
 */
export function requireLoadable(metadata: ChartMetadata, file: string): void {
  const { apiVersion, name, version, type, dependencies } = metadata;
  const refuse = (reason: string): never => {
    throw new Error(`${file} ${reason}.`);
  };
  if (apiVersion !== "v1" && apiVersion !== "v2") refuse(`has the apiVersion "${apiVersion}"; write v2`);
  if (name === "") refuse('has no "name"; add one');
  if (name === "." || name === ".." || /[/\\]/.test(name)) {
    refuse(`has the name "${name}", which is a path; use the name of the chart alone`);
  }
  if (version === "") refuse('has no "version"; add one such as 1.0.0');
  if (parseLoose(version) === undefined)
    refuse(`has the version "${version}", which is not SemVer; use one such as 1.0.0`);
  if (!["", "application", "library"].includes(type)) {
    refuse(`has the type "${type}"; it must be application or library`);
  }
  const names = new Set<string>();
  for (const dependency of dependencies) {
    const called = dependency.alias === "" ? dependency.name : dependency.alias;
    if (dependency.alias !== "" && !/^[A-Za-z0-9_-]+$/.test(dependency.alias)) {
      refuse(
        `gives the dependency ${dependency.name} the alias "${dependency.alias}"; use letters, digits, "_" and "-"`,
      );
    }
    if (names.has(called)) refuse(`has the dependency "${called}" twice; give one of them an alias`);
    names.add(called);
  }
}

/**
 * The stricter rules for a chart that is published: a version that ranges match, and a name that can be part of
 * a repository's.
 *
 * @throws Error as above.
 */
export function requirePublishable({ name, version }: ChartMetadata, file: string): void {
  if (parseStrict(version) === undefined) {
    throw new Error(
      `${file} has the version "${version}", which no version range matches; publish a full SemVer version such as 1.0.0.`,
    );
  }
  if (!/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/.test(name)) {
    throw new Error(
      `${file} has the name "${name}", but the name of a chart in a registry may contain lower-case letters, digits, ".", "_" and "-" only${suggestion(name)}.`,
    );
  }
}

function suggestion(name: string): string {
  return /^[a-z0-9._-]+$/.test(name.toLowerCase()) && name !== name.toLowerCase()
    ? `; use "${name.toLowerCase()}"`
    : "";
}
