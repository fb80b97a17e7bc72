import type { Fetch } from "@spin-publisher/http";
import {
  fetchVerifiedArchive,
  gitHub,
  mirrorAt,
  parseVersionRequest,
  type Release,
  type ReleaseAccess,
  resolveRelease,
  unpackSpin,
} from "@spin-publisher/spin-release";
import type { Inputs } from "./inputs.ts";
import { describeTarget, startsHere, targetsFor } from "./platform.ts";
import { findInstalled, install, type Tool } from "./tool.ts";

/** What the user is told while it happens. */
export interface Reporter {
  info(line: string): void;
  warning(message: string): void;
}

export interface Edges {
  readonly fetch: Fetch;
  readonly report: Reporter;
  /** What this process runs on; what is built for another machine is not started. */
  readonly platform: string;
  readonly architecture: string;
}

export interface Installed extends Tool {
  /** Whether nothing had to be downloaded. */
  readonly cacheHit: boolean;
  /** Who asked for this version, for what, and who answered. */
  readonly source: string;
}

/** Gets the Spin that was asked for, and makes sure that it is what was released. */
export async function setup(
  inputs: Inputs,
  { fetch, report, platform, architecture }: Edges,
): Promise<Installed> {
  const targets = targetsFor(inputs.architecture, inputs.runner);
  const host = inputs.mirror === "" ? gitHub : mirrorAt(inputs.mirror);
  const access: ReleaseAccess = {
    fetch,
    host,
    token: inputs.token,
    onRetry: ({ because, delayMilliseconds }) =>
      report.info(`  trying again in ${(delayMilliseconds / 1000).toFixed(1)} s: ${because}`),
  };

  const release = await resolveRelease(parseVersionRequest(inputs.version), access);
  const source = `version: ${inputs.version}${answeredBy(release)}`;
  const installed = await findInstalled(release.version, targets);
  if (installed !== undefined) {
    report.info(
      `Spin ${release.version} for ${describeTarget(installed.target)} is in the tool cache (${source})`,
    );
    return { ...installed, cacheHit: true, source };
  }

  report.info(`Spin ${release.version} (${source})`);
  const { asset, bytes } = await fetchVerifiedArchive(release, targets, access);
  report.info(`  ${asset.name}: ${bytes.length} bytes, SHA-256 as in the release's checksums file`);
  const { binary } = await unpackSpin(asset, bytes);
  const runs = startsHere(asset.target, platform, architecture);
  const tool = await install(binary, {
    version: release.version,
    target: asset.target,
    runs,
    temp: inputs.temp,
  });
  report.info(
    `  installed for ${describeTarget(asset.target)}${runs ? "" : ", not started: it is for another machine"}`,
  );
  return { ...tool, cacheHit: false, source };
}

function answeredBy({ source, because }: Release): string {
  if (source === "request") return "";
  return source === "api" ? ", GitHub API" : `, releases/latest redirect because ${because}`;
}
