import { join } from "node:path";
import type { Target } from "@spin-publisher/spin-release";
import { putIntoBindir } from "./bindir.ts";
import { type Binary, FolderUnusable, placeBinary } from "./place-binary.ts";
import { binaryName, putIntoToolCache, type Tool } from "./tool-cache.ts";

/** Where Spin may be installed. */
export interface Places {
  /** `RUNNER_TOOL_CACHE`; undefined where the runner has none. */
  readonly toolCache: string | undefined;
  /** The input `bindir` as an absolute path. */
  readonly bindir: string | undefined;
  /** `RUNNER_TEMP` */
  readonly temp: string;
}

/** The tool cache was not used; `folder` was. */
export interface ToolCacheSkipped {
  readonly because: string;
  readonly folder: string;
}

/**
 * Installs Spin in the tool cache. That is a cache: where it cannot be used, `bindir` or RUNNER_TEMP will do for this
 * job.
 *
 * @throws Error when the binary does not start, or when nothing can be installed in the last of the places.
 */
export async function installBinary(
  binary: Binary,
  target: Target,
  { toolCache, bindir, temp }: Places,
  onSkipped: (skipped: ToolCacheSkipped) => void,
): Promise<Tool> {
  let because = "RUNNER_TOOL_CACHE is not set";
  if (toolCache !== undefined) {
    try {
      return await putIntoToolCache(binary, target, toolCache);
    } catch (error) {
      if (!(error instanceof FolderUnusable)) throw error;
      because = `"${error.folder}": ${error.because}`;
    }
  }
  const folder = bindir ?? join(temp, "setup-spin", binary.version);
  onSkipped({ because, folder });
  if (bindir !== undefined) return await putIntoBindir(binary, target, bindir);

  const path = join(folder, binaryName(target));
  try {
    await placeBinary(binary, path);
  } catch (error) {
    if (!(error instanceof FolderUnusable)) throw error;
    throw new Error(
      `Cannot install Spin in the tool cache (${because}) or in RUNNER_TEMP ("${error.folder}": ${error.because}). Set the input "bindir" to a folder that this job can write to.`,
    );
  }
  return { version: binary.version, target, folder, binary: path };
}
