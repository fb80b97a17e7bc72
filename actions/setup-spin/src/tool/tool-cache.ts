import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDir, find, findAllVersions } from "@actions/tool-cache";
import type { Target } from "@spin-publisher/spin-release";

/** An installed Spin. */
export interface Tool {
  readonly version: string;
  readonly target: Target;
  readonly folder: string;
  readonly binary: string;
}

const tool = "spin";

export function binaryName({ system }: Target): string {
  return system === "windows" ? "spin.exe" : "spin";
}

/** The tool cache calls architectures as Node does. Static builds have their own shelf, so that they are not mixed up with the rest. */
function shelf({ architecture, static: isStatic }: Target): string {
  const cpu = architecture === "amd64" ? "x64" : "arm64";
  return isStatic ? `${cpu}-static` : cpu;
}

/** Versions in the tool cache that were installed for any of `targets`. */
export function installedVersions(targets: readonly Target[]): readonly string[] {
  return targets.flatMap((target) => findAllVersions(tool, shelf(target)));
}

/**
 * Spin in the tool cache. A second choice may have been put there by a job with another C library (a container shares
 * the runner's tool cache), so it must start and say its version.
 *
 * @param startsHere whether this machine can start what was built for a target.
 */
export async function findInstalled(
  version: string,
  targets: readonly Target[],
  startsHere: (target: Target) => boolean,
): Promise<Tool | undefined> {
  for (const [preference, target] of targets.entries()) {
    const folder = find(tool, version, shelf(target));
    if (folder === "") continue;
    const binary = join(folder, binaryName(target));
    // A job that was cancelled, or somebody who made room on the disk, may have left the folder without it.
    const file = await stat(binary).catch(() => undefined);
    if (file?.isFile() !== true || file.size === 0) continue;
    const portable = preference === 0 || target.static;
    if (portable || (startsHere(target) && (await provesToBe(version, binary)))) {
      return { version, target, folder, binary };
    }
  }
  return undefined;
}

async function provesToBe(version: string, binary: string): Promise<boolean> {
  return await requireVersion(binary, version).then(
    () => true,
    () => false,
  );
}

/**
 * Puts Spin into the tool cache, in place of what is there. Where this machine can start it, it is started first: what
 * does not run is not installed.
 *
 * @throws Error when it does not start, or when it says another version.
 */
export async function install(
  spin: Uint8Array,
  { version, target, starts, temp }: { version: string; target: Target; starts: boolean; temp: string },
): Promise<Tool> {
  await mkdir(temp, { recursive: true });
  const staging = await mkdtemp(join(temp, "setup-spin-"));
  try {
    const staged = join(staging, binaryName(target));
    await writeFile(staged, spin);
    await chmod(staged, 0o755);
    if (starts) await requireVersion(staged, version);
    const folder = await cacheDir(staging, tool, version, shelf(target));
    return { version, target, folder, binary: join(folder, binaryName(target)) };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Runs `spin --version`, which prints `spin 4.0.2 (8bb2e38 2026-06-23)`. */
async function requireVersion(binary: string, version: string): Promise<void> {
  const { stdout } = await promisify(execFile)(binary, ["--version"], { timeout: 60_000 }).catch(
    (cause: unknown) => {
      throw new Error(
        `Spin ${version} does not start on this runner. Choose an older version or another runner image.`,
        { cause },
      );
    },
  );
  const said = stdout.trim().split(/\s+/)[1];
  if (said !== version) {
    throw new Error(
      `The binary in the release of Spin ${version} says that it is "${stdout.trim().slice(0, 80)}". Report it to the Spin project.`,
    );
  }
}
