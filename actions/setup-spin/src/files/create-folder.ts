import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "@spin-publisher/errors";

/**
 * Creates a folder and those above it; one that exists is fine. `mkdir` of Node with `recursive` never ends where the
 * system answers ENOENT although the parent exists, as procfs and automounted home folders do.
 *
 * @throws Error with the system's code.
 */
export async function createFolder(path: string): Promise<void> {
  try {
    await createOne(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || dirname(path) === path) throw error;
    await createFolder(dirname(path));
    await createOne(path);
  }
}

async function createOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (
      !(await stat(path).then(
        (status) => status.isDirectory(),
        () => false,
      ))
    )
      throw error;
  }
}
