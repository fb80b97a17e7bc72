import { chmod, copyFile, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode, whyUnwritable } from "@spin-publisher/errors";
import { createFolder } from "../files/create-folder.ts";
import { startSpin } from "./start.ts";

/** Nothing can be installed in a folder; `because` is a clause. Another folder may do. */
export class FolderUnusable extends Error {
  readonly folder: string;
  readonly because: string;
  constructor(folder: string, because: string) {
    super(`Nothing can be installed in "${folder}": ${because}.`);
    this.folder = folder;
    this.because = because;
  }
}

/** What to install: where it comes from, and which version it must say when this machine can start it. */
export interface Binary {
  /** Its bytes, or the path of a file to copy. */
  readonly source: Uint8Array | string;
  readonly version: string;
  /** Whether this machine can start it. */
  readonly starts: boolean;
}

const stagingPrefix = ".setup-spin-";
const dayMilliseconds = 86_400_000;

/**
 * Installs a binary so that whoever looks sees the whole of it, or what was there before: it is written to a folder of
 * its own beside `path`, started there, and renamed. A process that runs the previous one keeps running it.
 *
 * @param path where it belongs; its folder is created.
 * @param beside where the folder of its own is created; on the same file system, the parent of `path` by default.
 * @throws FolderUnusable when the folder cannot be written to, or when files in it cannot be executed.
 * @throws Error when the binary does not start, or says another version.
 */
export async function placeBinary(binary: Binary, path: string, beside = dirname(path)): Promise<void> {
  const folder = dirname(path);
  const staging = await writing(beside, async () => {
    await createFolder(beside);
    await removeLeftovers(beside);
    return await mkdtemp(join(beside, stagingPrefix));
  });
  try {
    const staged = join(staging, basename(path));
    await writing(beside, async () => {
      if (typeof binary.source === "string") await copyFile(binary.source, staged);
      else await writeFile(staged, binary.source);
      await chmod(staged, 0o755);
    });
    if (binary.starts) await requireStart(staged, binary.version, beside);
    await writing(folder, async () => {
      await createFolder(folder);
      await replace(path, staged);
    });
  } finally {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
  }
}

async function requireStart(staged: string, version: string, folder: string): Promise<void> {
  const start = await startSpin(staged, version);
  switch (start.kind) {
    case "right-version":
      return;
    case "not-executable":
      throw new FolderUnusable(
        folder,
        "files in it cannot be executed, perhaps because of the mount option noexec",
      );
    case "other-version":
      throw new Error(
        `The binary in the release of Spin ${version} says that it is "${start.said}". Report it to the Spin project.`,
      );
    case "failed":
      throw new Error(
        `Spin ${version} does not start on this runner: ${start.because}. Choose another version or another runner image.`,
      );
  }
}

/** A folder of that name, which a rename cannot replace, is moved out of the way. */
async function replace(path: string, staged: string): Promise<void> {
  try {
    await rename(staged, path);
  } catch (error) {
    if ((await stat(path).catch(() => undefined))?.isDirectory() !== true) throw error;
    await rename(path, `${staged}.replaced`);
    await rename(staged, path);
  }
}

/** What jobs left that were killed while they installed. No installation takes a day. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(stagingPrefix)) continue;
    const leftover = join(folder, name);
    const { mtimeMs = Date.now() } = (await stat(leftover).catch(() => undefined)) ?? {};
    if (Date.now() - mtimeMs > dayMilliseconds) await rm(leftover, { recursive: true, force: true });
  }
}

async function writing<Result>(folder: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    throw errorCode(cause) === undefined ? cause : new FolderUnusable(folder, whyUnwritable(cause));
  }
}
