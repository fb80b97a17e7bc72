import { stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { find, findAllVersions } from "@actions/tool-cache";
import { whyUnwritable } from "@spin-publisher/errors";
import type { Target } from "@spin-publisher/spin-release";
import { type Binary, FolderUnusable, placeBinary } from "./place-binary.ts";
import { whyUnusable } from "./start.ts";

/** An installed Spin. */
export interface Tool {
  readonly version: string;
  readonly target: Target;
  readonly folder: string;
  readonly binary: string;
}

/** Spin in the tool cache that is not what its folder says; `because` is a clause. */
export interface RejectedTool {
  readonly path: string;
  readonly because: string;
}

const tool = "spin";

export function binaryName({ system }: Target): string {
  return system === "windows" ? "spin.exe" : "spin";
}

/** The tool cache names architectures as Node does. Static builds have a folder of their own. */
function architectureFolder({ architecture, static: isStatic }: Target): string {
  const cpu = architecture === "amd64" ? "x64" : "arm64";
  return isStatic ? `${cpu}-static` : cpu;
}

/** Versions in the tool cache that were installed for any of `targets`; none where there is no readable tool cache. */
export function installedVersions(targets: readonly Target[]): readonly string[] {
  try {
    return targets.flatMap((target) => findAllVersions(tool, architectureFolder(target)));
  } catch {
    return [];
  }
}

/**
 * Spin in the tool cache. Several jobs share it, so nothing in it is trusted: where this machine can start it, it must
 * start and say its version. A second choice that cannot be started is not used, because a job with another C library
 * may have put it there (a container shares the runner's tool cache).
 *
 * @param startsHere whether this machine can start what was built for a target.
 * @param onRejected called for what is there, but is not this version.
 */
export async function findInstalled(
  version: string,
  targets: readonly Target[],
  startsHere: (target: Target) => boolean,
  onRejected: (rejected: RejectedTool) => void,
): Promise<Tool | undefined> {
  for (const [preference, target] of targets.entries()) {
    const folder = completeFolder(version, target);
    if (folder === undefined) continue;
    const binary = join(folder, binaryName(target));
    const because = await problemWith(binary, version, startsHere(target));
    if (because !== undefined) {
      // A second choice for another C library is nothing to complain about.
      if (preference === 0) onRejected({ path: binary, because });
    } else if (preference === 0 || target.static || startsHere(target)) {
      return { version, target, folder, binary };
    }
  }
  return undefined;
}

/** The folder that is marked as complete in the tool cache. */
function completeFolder(version: string, target: Target): string | undefined {
  try {
    return find(tool, version, architectureFolder(target)) || undefined;
  } catch {
    return undefined; // RUNNER_TOOL_CACHE is not set
  }
}

async function problemWith(binary: string, version: string, starts: boolean): Promise<string | undefined> {
  const file = await stat(binary).catch(() => undefined);
  if (file === undefined) return "it does not exist";
  if (!file.isFile()) return "it is not a file";
  if (file.size === 0) return "it is empty";
  if (process.platform !== "win32" && (file.mode & 0o111) === 0) return "it may not be executed";
  return starts ? await whyUnusable(binary, version) : undefined;
}

/**
 * Puts Spin into the tool cache. If another job has put the same version there in the meantime, that one is used: it
 * may be running already.
 *
 * @param root `RUNNER_TOOL_CACHE`
 * @throws FolderUnusable when the tool cache cannot be written to.
 * @throws Error when the binary does not start, or says another version.
 */
export async function putIntoToolCache(binary: Binary, target: Target, root: string): Promise<Tool> {
  const { version, starts } = binary;
  const folder = join(root, tool, version, architectureFolder(target));
  const installed = { version, target, folder, binary: join(folder, binaryName(target)) };
  const isThere = async () =>
    starts &&
    completeFolder(version, target) === folder &&
    (await problemWith(installed.binary, version, starts)) === undefined;
  if (await isThere()) return installed;

  await placeBinary(binary, installed.binary, join(root, tool));
  // The marker of @actions/tool-cache, which only counts a folder that has one.
  const marker = `${folder}.complete`;
  await writeFile(marker, "").catch((error: unknown) => {
    throw new FolderUnusable(dirname(marker), whyUnwritable(error));
  });
  return installed;
}
