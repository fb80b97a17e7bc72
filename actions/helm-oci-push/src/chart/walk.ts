import type { Stats } from "node:fs";
import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { errorCode, whyUnreadable } from "@spin-publisher/errors";
import { type IgnoreRules, parseHelmignore } from "./helmignore.ts";

/** A file of a chart: its path below the chart's folder, `/`-separated, and its bytes without a byte order mark. */
export interface ChartFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Largest file that Helm (3.17.3 and newer) loads, in bytes. */
export const fileSizeLimit = 5 * 1024 * 1024;

/**
 * The files of a chart's folder that belong in its package, in the order of `helm package`: depth first, the names
 * in each folder by their bytes. Symbolic links are followed as long as they stay below `boundary`, which must contain the
 * folder itself, whatever links lead to it.
 *
 * @param boundary the workspace.
 * @throws Error naming the path that is a dangling link, leaves the boundary, cannot be read, is a device or pipe, is too large,
 *   or has a name that a package cannot hold.
 */
export async function walkChart(folder: string, boundary = folder): Promise<readonly ChartFile[]> {
  const root = await realpath(folder).catch((cause: unknown) => {
    if (errorCode(cause) === "EACCES") throw unreadable(`The chart folder "${folder}"`, cause);
    throw new Error(`The chart folder "${folder}" does not exist; set the input "chart" to it.`, { cause });
  });
  const workspace = await realpath(boundary).catch((cause: unknown) => {
    throw unreadable(`The workspace "${boundary}"`, cause);
  });
  if (isOutside(workspace, root)) {
    throw new Error(
      `The chart folder "${folder}" is outside the workspace, or is a link that leads out of it; set the input "chart" to a folder in the checkout.`,
    );
  }
  if (!(await stat(root)).isDirectory()) {
    throw new Error(
      `The chart "${folder}" is a file; set the input "chart" to the folder that holds Chart.yaml.`,
    );
  }
  const walk: Walk = { root, boundary: workspace, ignores: await readIgnoreRules(root), files: [] };
  await walkFolder(walk, "", [root]);
  return walk.files;
}

async function readIgnoreRules(root: string): Promise<IgnoreRules> {
  const rules = await readFile(join(root, ".helmignore")).catch((cause: unknown) => {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw unreadable(".helmignore of the chart", cause);
  });
  return parseHelmignore(rules);
}

interface Walk {
  readonly root: string;
  readonly boundary: string;
  readonly ignores: IgnoreRules;
  readonly files: ChartFile[];
}

/** @param entered the real paths of the folders above, to notice a link that leads back into one of them. */
async function walkFolder(walk: Walk, path: string, entered: readonly string[]): Promise<void> {
  const names = await readdir(join(walk.root, path), { encoding: "buffer" }).catch((cause: unknown) => {
    throw unreadable(path === "" ? "The chart's folder" : `The folder "${path}" of the chart`, cause);
  });
  for (const name of names.sort(Buffer.compare)) {
    const below = path === "" ? nameOf(name, path) : `${path}/${nameOf(name, path)}`;
    const absolute = join(walk.root, below);
    const own = await lstat(absolute).catch((cause: unknown) => {
      throw unreadable(`"${below}" of the chart`, cause);
    });
    const target = own.isSymbolicLink() ? await followLink(walk, below, entered) : absolute;
    const info = own.isSymbolicLink() ? await stat(target) : own;
    if (walk.ignores(below, info.isDirectory())) continue;
    if (info.isDirectory()) await walkFolder(walk, below, [...entered, target]);
    else walk.files.push(await readChartFile(below, absolute, info));
  }
}

async function readChartFile(path: string, absolute: string, info: Stats): Promise<ChartFile> {
  if (!info.isFile()) {
    throw new Error(`"${path}" in the chart is not a regular file; remove it or list it in .helmignore.`);
  }
  if (info.size > fileSizeLimit) {
    throw new Error(
      `"${path}" in the chart has ${info.size} bytes, but Helm loads files of at most ${fileSizeLimit}; list it in .helmignore.`,
    );
  }
  const bytes = await readFile(absolute).catch((cause: unknown) => {
    throw unreadable(`"${path}" of the chart`, cause);
  });
  return { path, bytes: withoutByteOrderMark(bytes) };
}

async function followLink(
  { root, boundary }: Walk,
  path: string,
  entered: readonly string[],
): Promise<string> {
  const target = await realpath(join(root, path)).catch((cause: unknown) => {
    if (errorCode(cause) === "EACCES")
      throw unreadable(`What the link "${path}" in the chart points to`, cause);
    throw new Error(
      `The link "${path}" in the chart points to nothing (or to itself); repair or remove it.`,
      { cause },
    );
  });
  if (isOutside(boundary, target)) {
    throw new Error(`The link "${path}" in the chart leaves the workspace; copy the file into the chart.`);
  }
  if (entered.includes(target))
    throw new Error(`The link "${path}" in the chart leads back to a folder that contains it; remove it.`);
  return target;
}

/** Git keeps the job's token below .git (actions/checkout), so that is outside too. */
function isOutside(boundary: string, target: string): boolean {
  const below = relative(boundary, target);
  const names = below.split(sep);
  return names[0] === ".." || names.includes(".git") || resolve(below) === below;
}

function nameOf(name: Buffer, folder: string): string {
  const text = name.toString("utf8");
  if (Buffer.compare(Buffer.from(text), name) !== 0 || text.includes("\\")) {
    const where = folder === "" ? "The chart" : `"${folder}" in the chart`;
    throw new Error(`${where} contains "${text}", whose name is not UTF-8 or contains a "\\"; rename it.`);
  }
  return text;
}

export function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** @param what how the message names the path, at the beginning of a sentence. */
function unreadable(what: string, cause: unknown): Error {
  return new Error(`${what} ${whyUnreadable(cause, "the chart")}.`, { cause });
}
