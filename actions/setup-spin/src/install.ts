import type { Fetch } from "@spin-publisher/http";
import {
  gitHub,
  highest,
  mirrorAt,
  type Release,
  type ReleaseAccess,
  resolveRelease,
  type Target,
} from "@spin-publisher/spin-release";
import type { Inputs } from "./inputs.ts";
import { installPlugins, type Plugin, parsePlugins, runSpin } from "./plugins/plugins.ts";
import { placeInFolder } from "./tool/bindir.ts";
import { type InstalledRelease, installRelease } from "./tool/install-release.ts";
import { describeTarget, startsHere, targetsFor } from "./tool/platform.ts";
import { findInstalled, installedVersions, type Tool } from "./tool/tool-cache.ts";
import { type Wanted, wantedVersion } from "./version/requested-version.ts";

/** What the user is told while it happens. */
export interface Reporter {
  info(line: string): void;
  notice(message: string): void;
  warning(message: string): void;
}

export interface Edges {
  readonly fetch: Fetch;
  readonly report: Reporter;
  /** What this process runs on, in Node's words; what is built for another machine is not started. */
  readonly platform: string;
  readonly architecture: string;
}

/** The tool's folder is what belongs on PATH. */
export interface Installed extends InstalledRelease {
  /** Where the version was asked for, what stands there, and who answered: `version: latest, GitHub API`. */
  readonly source: string;
  readonly plugins: readonly Required<Plugin>[];
}

/** Gets the Spin that was asked for, makes sure that it is what was released, and adds its plugins. */
export async function setup(inputs: Inputs, edges: Edges): Promise<Installed> {
  const { report } = edges;
  const plugins = parsePlugins(inputs.plugins);
  const targets = targetsFor(inputs.architecture, inputs.runner);
  requireStart(plugins, targets, edges);
  const access = accessOf(inputs, edges);
  const wanted = await wantedVersion(inputs, report.warning);

  const { release, source } = await chooseRelease(wanted, targets, inputs.checkLatest, access);
  report.info(`Spin ${release.version} (${source})`);
  const found = await findInstalled(release.version, targets, (target) =>
    startsHere(target, edges.platform, edges.architecture),
  );
  const installed =
    found === undefined
      ? await installRelease(release, targets, access, inputs, edges)
      : inToolCache(found, report);

  const tool =
    inputs.bindir === ""
      ? installed.tool
      : await placeInFolder(installed.tool, inputs.bindir, inputs.workspace);
  const ready = plugins.length === 0 ? [] : await installPlugins(plugins, runSpin(tool.binary));
  for (const { name, version } of ready) report.info(`  plugin ${name} ${version}`);
  return { ...installed, tool, source, plugins: ready };
}

function accessOf({ mirror, token }: Inputs, { fetch, report }: Edges): ReleaseAccess {
  return {
    fetch,
    host: mirror === "" ? gitHub : mirrorAt(mirror),
    token,
    onRetry: ({ because, delayMilliseconds }) =>
      report.info(`  trying again in ${(delayMilliseconds / 1000).toFixed(1)} s: ${because}`),
  };
}

/** @throws Error when there are plugins to install, but no Spin that could do it. */
function requireStart(
  plugins: readonly Plugin[],
  targets: readonly Target[],
  { platform, architecture }: Edges,
): void {
  const foreign = targets.find((target) => !startsHere(target, platform, architecture));
  if (plugins.length === 0 || foreign === undefined) return;
  throw new Error(
    `Plugins are installed by Spin itself, and Spin for ${describeTarget(foreign)} does not start on this runner; leave out the input "plugins" or "arch".`,
  );
}

/**
 * The release to install. A range is met by what the tool cache has, unless the newest is asked for: on a
 * self-hosted runner most jobs then need no network at all.
 */
async function chooseRelease(
  { request, source }: Wanted,
  targets: readonly Target[],
  checkLatest: boolean,
  access: ReleaseAccess,
): Promise<{ release: Pick<Release, "version" | "tag">; source: string }> {
  if (request.kind === "range" && !checkLatest) {
    const version = highest(installedVersions(targets), request);
    if (version !== undefined) {
      return { release: { version, tag: `v${version}` }, source: `${source}, tool cache` };
    }
  }
  const release = await resolveRelease(request, access);
  const answer = {
    request: "",
    api: ", GitHub API",
    redirect: `, releases/latest because ${release.because}`,
  };
  return { release, source: source + answer[release.source] };
}

function inToolCache(tool: Tool, report: Reporter): InstalledRelease {
  report.info(`  in the tool cache for ${describeTarget(tool.target)}`);
  return { tool, cacheHit: true, integrity: "verified when it was put into the tool cache", keep: undefined };
}
