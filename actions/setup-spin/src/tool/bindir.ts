import { join } from "node:path";
import { type Binary, FolderUnusable, placeBinary } from "./place-binary.ts";
import { binaryName, type Tool } from "./tool-cache.ts";

/**
 * Puts Spin into the folder of the input `bindir`, in place of one that is there already: a job that asks for a version
 * must not run another one that an earlier job left.
 *
 * @throws Error when nothing can be installed in the folder.
 */
export async function putIntoBindir(binary: Binary, target: Tool["target"], folder: string): Promise<Tool> {
  const path = join(folder, binaryName(target));
  try {
    await placeBinary(binary, path);
  } catch (error) {
    if (!(error instanceof FolderUnusable)) throw error;
    throw new Error(
      `Cannot put Spin into "${folder}": ${error.because}. Set the input "bindir" to a folder that this job can write to.`,
    );
  }
  return { version: binary.version, target, folder, binary: path };
}
