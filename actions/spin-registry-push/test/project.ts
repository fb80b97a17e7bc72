import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { type Tree, writeTree } from "./tree.ts";

const folders: string[] = [];

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A new folder with the given files (path → content), removed after the tests of the file. */
export async function project(files: Tree = {}): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "project-")));
  folders.push(folder);
  await writeTree(folder, files);
  return folder;
}
