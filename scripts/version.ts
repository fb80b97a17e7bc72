// make version-set TAG=…          sets the site's version: site/spin.toml, and the chart's appVersion that follows it
// make chart-version-set SEMVER=… sets the chart's version: charts/bart/Chart.yaml
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@spin-publisher/errors";

const files = { site: "site/spin.toml", chart: "charts/bart/Chart.yaml" } as const;

export interface Versions {
  readonly site: string;
  readonly chart: string;
  /** The chart's appVersion: the tag of the shim that it installs by default. */
  readonly app: string;
}

/** The lines with the versions; everything around them is kept. */
const places = {
  site: { file: files.site, line: /^(version\s*=\s*")([^"]*)(")/m },
  app: { file: files.chart, line: /^(appVersion:\s*"?)([^"\s]*)("?)/m },
  chart: { file: files.chart, line: /^(version:\s*"?)([^"\s]*)("?)/m },
} as const;

/** @throws Error when a file has no line with its version. */
export function readVersions(read: (file: string) => string): Versions {
  const versionOf = (place: keyof typeof places) => {
    const found = places[place].line.exec(read(places[place].file))?.[2];
    if (found === undefined) throw new Error(`${places[place].file} has no line with the ${place} version.`);
    return found;
  };
  return { site: versionOf("site"), chart: versionOf("chart"), app: versionOf("app") };
}

/** The text of a file with one of its versions replaced. */
export function withVersion(text: string, place: keyof typeof places, version: string): string {
  return text.replace(places[place].line, (_line, before, _old, after) => `${before}${version}${after}`);
}

/** SemVer 2.0.0 without build metadata: a registry's tag cannot hold its `+`. */
export function requireVersion(version: string, variable: string): string {
  const number = "(?:0|[1-9][0-9]*)";
  const identifier = `(?:${number}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
  if (new RegExp(`^${number}\\.${number}\\.${number}(?:-${identifier}(?:\\.${identifier})*)?$`).test(version))
    return version;
  throw new Error(`${variable} must be a version such as 0.1.2 or 0.2.0-rc.1, but it is "${version}".`);
}

function main([command, version = ""]: readonly string[]): void {
  const root = join(import.meta.dirname, "..");
  const read = (file: string) => readFileSync(join(root, file), "utf8");
  const set = (place: keyof typeof places) => {
    const { file } = places[place];
    writeFileSync(join(root, file), withVersion(read(file), place, version));
    console.log(`${file}: ${place === "app" ? "appVersion" : "version"} ${version}`);
  };
  readVersions(read);
  switch (command) {
    case "site":
      requireVersion(version, "TAG");
      set("site");
      set("app");
      return;
    case "chart":
      requireVersion(version, "SEMVER");
      set("chart");
      return;
    default:
      throw new Error(`The version to set must be "site" or "chart", but it is "${command ?? ""}".`);
  }
}

if (import.meta.main) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
