import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { errorCode, isLfsPointer, LocatedError, lfsAdvice } from "@spin-publisher/errors";
import { type ChartFolder, isInside, type Roots, resolveChartFolder, unreadable } from "./boundary.ts";
import { type IgnoreRule, type IgnoreRules, MalformedRule, parseHelmignore } from "./helmignore.ts";

/** A file of a chart: its path below the chart's folder, `/`-separated, and its bytes without a byte order mark. */
export interface ChartFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The largest file that Helm 3.17.3 to 3.22 and Flux load, in bytes; Helm 4.3 has no such limit. */
export const fileSizeLimit = 5 * 1024 * 1024;

/** What `walkChart` accepts beyond what Helm does. */
export interface WalkOptions {
  /** Whether Git LFS pointers are packaged as they are. */
  readonly lfsPointers?: boolean | undefined;
}

/**
 * The files of a chart's folder that belong in its package, in the order of `helm package`: depth first, the names
 * in each folder by their bytes. Symbolic links are followed as long as they stay in the checkout, or for a chart in
 * RUNNER_TEMP in its folder there.
 *
 * @throws Error naming the path that is a dangling link, leads out, cannot be read, is a device or pipe, is too large, is
 *   a Git LFS pointer, or has a name that a package cannot hold.
 */
export async function walkChart(
  folder: string,
  roots: Roots = { workspace: folder },
  { lfsPointers = false }: WalkOptions = {},
): Promise<readonly ChartFile[]> {
  const { root, boundary } = await resolveChartFolder(folder, roots);
  const ignores = readIgnoreRules(root, folder);
  const walk: Walk = { root, boundary, folder, ignores, lfsPointers, files: [] };
  walkFolder(walk, "", [root]); // nothing else is going on meanwhile, and asynchronous calls take three times as long
  return walk.files;
}

interface Walk extends ChartFolder {
  /** The folder as the user knows it. */
  readonly folder: string;
  readonly ignores: IgnoreRules;
  readonly lfsPointers: boolean;
  readonly files: ChartFile[];
}

function readIgnoreRules(root: string, folder: string): IgnoreRules {
  const file = join(root, ".helmignore");
  const rules = existsSync(file) ? naming(".helmignore of the chart", () => readFileSync(file)) : undefined;
  try {
    return parseHelmignore(rules);
  } catch (cause) {
    if (!(cause instanceof MalformedRule)) throw cause;
    throw new LocatedError(cause.message, { file: join(folder, ".helmignore"), line: cause.line }, { cause });
  }
}

/** @param entered the real paths of the folders above, to notice a link that leads back into one of them. */
function walkFolder(walk: Walk, path: string, entered: readonly string[]): void {
  const what = path === "" ? "The chart's folder" : `The folder "${path}" of the chart`;
  const names = naming(what, () => readdirSync(join(walk.root, path), { encoding: "buffer" }));
  for (const name of names.sort(Buffer.compare)) {
    const below = path === "" ? nameOf(name, path) : `${path}/${nameOf(name, path)}`;
    const absolute = join(walk.root, below);
    const own = naming(`"${below}" of the chart`, () => lstatSync(absolute));
    const target = own.isSymbolicLink() ? followLink(walk, below, entered) : absolute;
    const info = own.isSymbolicLink() ? statSync(target) : own;
    const rule = walk.ignores(below, info.isDirectory());
    if (rule !== undefined && below === "Chart.yaml") throw excludedChartYaml(walk, rule);
    if (rule !== undefined) continue;
    if (info.isDirectory()) walkFolder(walk, below, [...entered, target]);
    else walk.files.push(readChartFile(walk, below, info));
  }
}

function excludedChartYaml({ folder }: Walk, { line, text }: IgnoreRule): Error {
  const why = text.startsWith("!")
    ? ', because a rule with "!" excludes everything that it does not match'
    : "";
  return new LocatedError(
    `Line ${line} of .helmignore, "${text}", excludes Chart.yaml${why}; a chart needs that file, so change the rule.`,
    { file: join(folder, ".helmignore"), line },
  );
}

function readChartFile(walk: Walk, path: string, info: Stats): ChartFile {
  const refuse = (reason: string): never => {
    throw new LocatedError(`"${path}" in the chart ${reason}.`, { file: join(walk.folder, path) });
  };
  if (!info.isFile()) refuse(`is ${kindOf(info)}; remove it or list it in .helmignore`);
  if (info.size > fileSizeLimit) {
    refuse(
      `has ${info.size} bytes, but Helm 3 and Flux load files of at most ${fileSizeLimit}; make it smaller or list it in .helmignore`,
    );
  }
  const bytes = naming(`"${path}" of the chart`, () => readFileSync(join(walk.root, path)));
  if (!walk.lfsPointers && isLfsPointer(bytes)) {
    refuse(
      `is a Git LFS pointer and not the file itself; ${lfsAdvice}, or "allow-lfs-pointers: true" to publish the pointer`,
    );
  }
  return { path, bytes: withoutByteOrderMark(bytes) };
}

function kindOf(info: Stats): string {
  if (info.isFIFO()) return "a named pipe (FIFO)";
  if (info.isSocket()) return "a socket";
  return info.isCharacterDevice() || info.isBlockDevice() ? "a device" : "not a regular file";
}

function followLink({ root, boundary, folder }: Walk, path: string, entered: readonly string[]): string {
  const refuse = (reason: string, cause?: unknown) =>
    new LocatedError(`The link "${path}" in the chart ${reason}.`, { file: join(folder, path) }, { cause });
  let target: string;
  try {
    target = realpathSync(join(root, path));
  } catch (cause) {
    if (errorCode(cause) === "EACCES")
      throw unreadable(`What the link "${path}" in the chart points to`, cause);
    throw refuse("points to nothing (or to itself); repair or remove it", cause);
  }
  if (!isInside(boundary, target)) throw refuse("leaves the workspace; copy the file into the chart");
  if (entered.includes(target)) throw refuse("leads back to a folder that contains it; remove it");
  return target;
}

/** @param what how an error names the path, at the beginning of a sentence. */
function naming<Result>(what: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw unreadable(what, cause);
  }
}

function nameOf(name: Buffer, folder: string): string {
  const text = name.toString("utf8");
  const where = folder === "" ? "The chart" : `"${folder}" in the chart`;
  if (Buffer.compare(Buffer.from(text), name) !== 0) {
    throw new Error(`${where} contains "${escaped(name)}", whose name is not UTF-8; rename it.`);
  }
  if (text.includes("\\")) {
    throw new Error(
      `${where} contains "${text}", whose name contains a "\\", which Helm takes for a "/"; rename it.`,
    );
  }
  return text;
}

/** A name with `\xNN` for each byte that is not printable ASCII. */
function escaped(name: Buffer): string {
  return [...name]
    .map((byte) =>
      byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
}

export function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
