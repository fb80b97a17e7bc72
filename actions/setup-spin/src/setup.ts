import type { Fetch } from "@spin-publisher/http";
import {
  type Asset,
  checkSignature,
  findAsset,
  gitHub,
  mirrorAt,
  type Release,
  type ReleaseAccess,
  resolveRelease,
  type SpinFiles,
  type Target,
  unpackSpin,
} from "@spin-publisher/spin-release";
import semver from "semver";
import { placeInFolder } from "./bindir.ts";
import { cachePolicy } from "./cache-policy.ts";
import type { Inputs } from "./inputs.ts";
import { type CacheEntry, obtain } from "./obtain.ts";
import { describeTarget, startsHere, targetsFor } from "./platform.ts";
import { installPlugins, type Plugin, parsePlugins, runSpin } from "./plugins.ts";
import { findInstalled, install, installedVersions, type Tool } from "./tool.ts";
import { type Wanted, wantedVersion } from "./wanted.ts";

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

export interface Installed {
  /** Its folder is what belongs on PATH. */
  readonly tool: Tool;
  /** Whether the archive did not have to be downloaded. */
  readonly cacheHit: boolean;
  /** Where the version was asked for, what stands there, and who answered: `version: latest, GitHub API`. */
  readonly source: string;
  /** What is known about its integrity, as a clause. */
  readonly integrity: string;
  readonly plugins: readonly Required<Plugin>[];
  /** What is left for the post step to keep. */
  readonly keep: CacheEntry | undefined;
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
  const there = await findInstalled(release.version, targets);
  const spin =
    there === undefined
      ? `Spin ${release.version}`
      : `Spin ${release.version} for ${describeTarget(there.target)}`;
  report.info(`${spin} (${source})`);
  const installed =
    there === undefined
      ? await installRelease(release, targets, access, inputs, edges)
      : fromToolCache(there);
  report.info(`  ${installed.integrity}`);

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
    const version = semver.maxSatisfying([...installedVersions(targets)], request.range);
    if (version !== null)
      return { release: { version, tag: `v${version}` }, source: `${source}, tool cache` };
  }
  const release = await resolveRelease(request, access);
  const answer = {
    request: "",
    api: ", GitHub API",
    redirect: `, releases/latest because ${release.because}`,
  };
  return { release, source: source + answer[release.source] };
}

function fromToolCache(tool: Tool): Omit<Installed, "source" | "plugins"> {
  return {
    tool,
    cacheHit: true,
    integrity: "in the tool cache, verified when it was put there",
    keep: undefined,
  };
}

async function installRelease(
  release: Pick<Release, "version" | "tag">,
  targets: readonly Target[],
  access: ReleaseAccess,
  inputs: Inputs,
  { report, platform, architecture }: Edges,
): Promise<Omit<Installed, "source" | "plugins">> {
  const asset = await findAsset(release, targets, access);
  const policy = cachePolicy(inputs.cache);
  if (policy.because !== undefined && inputs.cache.input !== "false") {
    report.info(`  the Actions cache is left alone: ${policy.because}`);
  }
  const { bytes, restored, keep } = await obtain(asset, access, { policy, temp: inputs.temp, report });
  report.info(`  ${restored ? "restored" : "downloaded"} ${asset.name}`);
  const files = await unpackSpin(asset, bytes);
  const integrity = `SHA-256 as in the release's checksums file; ${signatureOf(files, release, asset, report)}`;
  const runs = startsHere(asset.target, platform, architecture);
  const tool = await install(files.binary, {
    version: release.version,
    target: asset.target,
    runs,
    temp: inputs.temp,
  });
  report.info(
    `  installed for ${describeTarget(asset.target)}${runs ? "" : ", not started: it is for another machine"}`,
  );
  return { tool, cacheHit: restored, integrity, keep };
}

function signatureOf(
  files: SpinFiles,
  { version, tag }: Pick<Release, "version" | "tag">,
  asset: Asset,
  report: Reporter,
): string {
  const check = checkSignature(files, tag);
  if (check.verified) return `signature by ${check.identity}`;
  report.notice(
    `The signature of Spin ${version} was not verified: ${check.because}. That ${asset.name} is what its release lists was.`,
  );
  return `signature not verified: ${check.because}`;
}
