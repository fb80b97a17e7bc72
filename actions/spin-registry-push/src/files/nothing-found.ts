import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ApplicationFolder } from "./boundary.ts";
import { lookUp } from "./entry.ts";
import { hasWildcards } from "./glob.ts";

/** Why an entry of `files` stands for no file. */
export interface Nothing {
  /** A clause: `the folder "contnet" does not exist`. */
  readonly reason: string;
  /** What helps, as the next clause. */
  readonly advice: string;
  /** Whether the folder that the entry names does not exist: never what its author meant. */
  readonly isMissing: boolean;
}

/** @param names of a pattern with at least one wildcard. */
export async function whyPatternMatchesNothing(
  names: readonly string[],
  root: ApplicationFolder,
  { onlyFolders, excluded }: { readonly onlyFolders: boolean; readonly excluded: number },
): Promise<Nothing> {
  const fixed = names.slice(0, names.findIndex(hasWildcards));
  const missing = await missingFolder(fixed, root);
  if (missing !== undefined) return { reason: missing, advice: "correct it", isMissing: true };
  if (onlyFolders) {
    const folder = names.at(-1) === "**" ? names.slice(0, -1) : names;
    const advice = `write "${[...folder, "**", "*"].join("/")}"`;
    return { reason: "it matches folders and never a file", advice, isMissing: false };
  }
  if (excluded > 0) return allExcluded;
  if (fixed.length > 0 && (await readdir(join(root.location, ...fixed))).length === 0)
    return emptyFolder(fixed.join("/"));
  return { reason: "no file has such a name", advice: "correct it", isMissing: false };
}

/** @param path of an existing folder. */
export async function whyFolderIsEmpty(path: string, location: string, excluded: number): Promise<Nothing> {
  if (excluded > 0) return allExcluded;
  if ((await readdir(location)).length === 0) return emptyFolder(path);
  return { reason: `the folder "${path}" has no files`, advice: "add some", isMissing: false };
}

const allExcluded: Nothing = {
  reason: "exclude_files excludes all of it",
  advice: "correct exclude_files",
  isMissing: false,
};

function emptyFolder(path: string): Nothing {
  return {
    reason: `the folder "${path}" is empty`,
    advice: 'add its files (for a submodule, set "submodules: true" for actions/checkout)',
    isMissing: false,
  };
}

/** The first folder on the way that is not one. */
async function missingFolder(names: readonly string[], root: ApplicationFolder): Promise<string | undefined> {
  for (const [index] of names.entries()) {
    const path = names.slice(0, index + 1).join("/");
    const { kind } = await lookUp(join(root.location, path), path, root.location);
    if (kind === "nothing") return `the folder "${path}" does not exist`;
    if (kind !== "folder") return `"${path}" is not a folder`;
  }
  return undefined;
}
