import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Path → content. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** Writes files below a folder, with the folders they need. */
export async function writeTree(folder: string, files: Tree): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
