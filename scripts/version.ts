// make version-set TAG=…          the site's version: site/spin.toml, and the chart's appVersion that follows it
// make chart-version-set SEMVER=… the chart's version: charts/bart/Chart.yaml
// make release                    tags what both files say, the site first, and pushes the tags
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@spin-publisher/errors";

const files = { site: "site/spin.toml", chart: "charts/bart/Chart.yaml" } as const;

export interface Versions {
  readonly site: string;
  readonly chart: string;
  /** The chart's appVersion: the tag of the shim it runs unless told otherwise. */
  readonly app: string;
}

/** Places of the versions in their files; everything around them is kept as it is. */
const places = {
  site: { file: files.site, line: /^(version\s*=\s*")([^"]*)(")/m },
  app: { file: files.chart, line: /^(appVersion:\s*"?)([^"\s]*)("?)/m },
  chart: { file: files.chart, line: /^(version:\s*"?)([^"\s]*)("?)/m },
} as const;

/** @throws Error when a file does not say its version where it should. */
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

/**
 * The Git tags of a release, in the order in which they are pushed: the chart names the site's version, so the
 * site comes first.
 *
 * @throws Error when the chart would install another version than the one that is released.
 */
export function releaseTags({ site, chart, app }: Versions): readonly string[] {
  requireVersion(site, "The version in site/spin.toml");
  requireVersion(chart, "The version in charts/bart/Chart.yaml");
  if (site !== app) {
    throw new Error(
      `The site is at ${site}, but the chart's appVersion is ${app}; run make version-set TAG=${site}.`,
    );
  }
  return [site, `chart-${chart}`];
}

function main([command, version = ""]: readonly string[]): void {
  const root = join(import.meta.dirname, "..");
  const read = (file: string) => readFileSync(join(root, file), "utf8");
  const set = (place: keyof typeof places) => {
    const { file } = places[place];
    writeFileSync(join(root, file), withVersion(read(file), place, version));
    console.log(`${file}: ${place === "app" ? "appVersion" : "version"} ${version}`);
  };
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
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
    case "release": {
      if (git("status", "--porcelain") !== "")
        throw new Error("There are changes that are not committed; commit them, then release.");
      const present = new Set(git("tag", "--list").split("\n"));
      const tags = releaseTags(readVersions(read)).filter((tag) => !present.has(tag));
      if (tags.length === 0)
        throw new Error(
          "Both versions are tagged already; set a new one with make version-set or make chart-version-set.",
        );
      for (const tag of tags) {
        git("tag", tag);
        git("push", "origin", `refs/tags/${tag}`);
        console.log(`pushed ${tag}`);
      }
      return;
    }
    default:
      throw new Error(`Say what to do: site, chart or release, not "${command ?? ""}".`);
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
