import { formatBytes } from "@spin-publisher/action-runtime";
import {
  checkSignature,
  findAsset,
  type Release,
  type ReleaseAccess,
  type Target,
  unpackSpin,
} from "@spin-publisher/spin-release";
import type { Inputs } from "../inputs.ts";
import type { Edges } from "../install.ts";
import { cachePolicy } from "./cache-policy.ts";
import { type CacheEntry, obtain } from "./fetch-archive.ts";
import { describeTarget, startsHere } from "./platform.ts";
import { install, type Tool } from "./tool-cache.ts";

export interface InstalledRelease {
  readonly tool: Tool;
  /** Whether its archive did not have to be downloaded. */
  readonly cacheHit: boolean;
  /** Which checks held, as a clause. */
  readonly integrity: string;
  /** What is left for the post step to keep. */
  readonly keep: CacheEntry | undefined;
}

/** Puts a release into the tool cache: the first of `targets` that it was built for, verified, unpacked, started once. */
export async function installRelease(
  release: Pick<Release, "version" | "tag">,
  targets: readonly Target[],
  access: ReleaseAccess,
  inputs: Pick<Inputs, "cache" | "temp">,
  { report, platform, architecture }: Edges,
): Promise<InstalledRelease> {
  const { version, tag } = release;
  const asset = await findAsset(release, targets, access);
  const policy = cachePolicy(inputs.cache);
  if (policy.because !== undefined && inputs.cache.input === "auto") {
    report.info(`  Actions cache left alone: ${policy.because}`);
  }
  const { bytes, restored, keep } = await obtain(asset, access, { policy, temp: inputs.temp, report });
  report.info(`  ${restored ? "restored" : "downloaded"} ${asset.name} (${formatBytes(bytes.length)})`);

  const files = await unpackSpin(asset, bytes);
  const signature = checkSignature(files, tag);
  const signed = signature.verified
    ? `signature by ${signature.identity}`
    : `signature not verified: ${signature.because}`;
  const integrity = `SHA-256 as in the release's checksums file; ${signed}`;
  report.info(`  ${integrity}`);
  if (!signature.verified) {
    report.notice(
      `Spin ${version}: signature not verified: ${signature.because}. Its SHA-256 is the one in the release's checksums file.`,
    );
  }

  const runs = startsHere(asset.target, platform, architecture);
  const tool = await install(files.binary, { version, target: asset.target, runs, temp: inputs.temp });
  report.info(
    `  installed for ${describeTarget(asset.target)}${runs ? "" : "; not started, it is for another machine"}`,
  );
  return { tool, cacheHit: restored, integrity, keep };
}
