import { randomUUID } from "node:crypto";
import { chmod, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Tool } from "./tool-cache.ts";

/**
 * Puts a copy of Spin into a folder of the user's choice, in place of one that is there already: a job that asks for a
 * version must not run another one that an earlier job left.
 *
 * @param folder relative to the checkout, or below `~/`.
 */
export async function placeInFolder(tool: Tool, folder: string, workspace: string): Promise<Tool> {
  const target = resolve(workspace, folder.replace(/^~(?=$|[/\\])/, homedir()));
  const binary = join(target, basename(tool.binary));
  try {
    await mkdir(target, { recursive: true });
    await replace(binary, tool.binary);
  } catch (cause) {
    throw new Error(
      `Cannot put Spin into ${target}. Set the input "bindir" to a folder that this job can write to.`,
      { cause },
    );
  }
  return { ...tool, folder: target, binary };
}

/** Unlike a copy, a rename also replaces a Spin that is running, and never leaves half of one. */
async function replace(binary: string, source: string): Promise<void> {
  const incoming = `${binary}.${randomUUID()}`;
  try {
    await copyFile(source, incoming);
    await chmod(incoming, 0o755);
    await rename(incoming, binary);
  } finally {
    await rm(incoming, { force: true });
  }
}
