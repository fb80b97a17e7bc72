import { join, posix } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import type { FileEntry } from "../manifest/model.ts";
import { type ApplicationFolder, isBelow } from "./boundary.ts";
import { lookUp } from "./entry.ts";
import { hasWildcards } from "./glob.ts";
import { type Nothing, whyFolderIsEmpty, whyPatternMatchesNothing } from "./nothing-found.ts";
import { parseRelativePath } from "./relative-path.ts";
import { type FoundFile, parsePattern, walk } from "./walk.ts";

/** The files that an entry of `files` stands for. */
export interface ResolvedEntry {
  readonly found: readonly FoundFile[];
  readonly destinationOf: (path: string) => string;
  readonly warning?: string;
  /** Why nothing was found. */
  readonly nothing?: Nothing;
}

type Excludes = (path: string) => boolean;

/** What is missing is an error of its own: a build may have to create it first. */
export class MissingPath extends Error {}

/** @throws Error (a clause for the caller's sentence) for an entry that leads out, is missing or is not a pattern. */
export function resolveEntry(
  entry: FileEntry,
  root: ApplicationFolder,
  excludes: Excludes,
): Promise<ResolvedEntry> {
  return entry.kind === "pattern"
    ? resolvePattern(entry.pattern, root, excludes)
    : resolveMapping(entry, root, excludes);
}

/** `"content/**"`: an existing file or folder of exactly that name, otherwise a pattern. */
async function resolvePattern(
  pattern: string,
  root: ApplicationFolder,
  excludes: Excludes,
): Promise<ResolvedEntry> {
  if (/(?:^|\/)\.\.?$/.test(pattern)) {
    throw new Error(`"${pattern}" ends in "." or ".."; write "${pattern}/**/*" or the name of the folder`);
  }
  const { up, names } = parsed(pattern, "path");
  if (up > 0)
    throw new Error(`the path "${pattern}" is outside the application folder${mapInstead(up, names)}`);
  const path = names.join("/");
  const entry = await lookUp(join(root.location, ...names), path, root.location);
  if (entry.kind === "special") throw new Error(`"${path}" is ${entry.what}`);
  if (entry.kind === "file") {
    return { found: [{ path, location: entry.location }], destinationOf: () => path };
  }
  if (entry.kind === "folder") {
    const resolved = await wholeFolder(names, entry.location, root.location, excludes);
    return { ...resolved, destinationOf: (file) => posix.join(path, file), ...warnAbout(path, pattern) };
  }
  if (!hasWildcards(pattern)) throw new MissingPath(`"${pattern}" does not exist and is not a pattern`);
  return matchPattern(pattern, names, root, excludes);
}

async function matchPattern(
  pattern: string,
  names: readonly string[],
  root: ApplicationFolder,
  excludes: Excludes,
): Promise<ResolvedEntry> {
  const parts = patternOrRefused(names, pattern);
  const start = { names: [], location: root.location, boundary: root.location };
  // Only folders can match a pattern that ends in a slash, and folders are not published.
  const onlyFolders = pattern.endsWith("/") || names.at(-1) === "**";
  const { found, excluded } = onlyFolders ? { found: [], excluded: 0 } : await walk(start, parts, excludes);
  const whole = pattern === "*" || pattern === "**/*";
  return {
    found,
    destinationOf: (path) => path,
    ...(whole ? { warning: `"${pattern}" publishes everything in the application folder` } : {}),
    ...(found.length > 0
      ? {}
      : { nothing: await whyPatternMatchesNothing(names, root, { onlyFolders, excluded }) }),
  };
}

/** Matches every file at any depth. */
const everything = parsePattern(["**", "*"]);

async function wholeFolder(
  names: readonly string[],
  location: string,
  boundary: string,
  excludes: Excludes,
): Promise<Pick<ResolvedEntry, "found" | "nothing">> {
  const { found, excluded } = await walk({ names, location, boundary }, everything, excludes);
  if (found.length > 0) return { found };
  return { found, nothing: await whyFolderIsEmpty(names.join("/"), location, excluded) };
}

/** Spin appends the path from the application folder to the entry itself, so everything lands one level too deep. */
function warnAbout(folder: string, pattern: string): Pick<ResolvedEntry, "warning"> {
  if (folder === "") return {};
  return {
    warning: `"${pattern}" puts its files at "${folder}/${folder}/…", as Spin does; write "${folder}/**/*" for "${folder}/…"`,
  };
}

/** `{ source, destination }`: a folder with everything below it, or one file under a new name. */
async function resolveMapping(
  { source, destination }: Extract<FileEntry, { kind: "mapping" }>,
  root: ApplicationFolder,
  excludes: Excludes,
): Promise<ResolvedEntry> {
  const target = parsed(destination.replace(/^\/+/, ""), "destination");
  if (target.up > 0) throw new Error(`the destination "${destination}" is outside the component's root`);
  const { path, boundary, entry } = await lookUpSource(source, root);
  if (entry.kind === "nothing") throw new MissingPath(`the source "${source}" does not exist`);
  if (entry.kind === "special") throw new Error(`the source "${source}" is ${entry.what}`);
  if (entry.kind === "file") {
    if (target.names.length === 0 || /(?:^|\/)\.?$/.test(destination)) {
      throw new Error(`the destination "${destination}" of "${source}" must end in a file name`);
    }
    return {
      found: [{ path: path.join("/"), location: entry.location }],
      destinationOf: () => target.names.join("/"),
    };
  }
  const resolved = await wholeFolder(path, entry.location, boundary, excludes);
  const prefix = path.length === 0 ? "" : `${path.join("/")}/`;
  return { ...resolved, destinationOf: (file) => [...target.names, file.slice(prefix.length)].join("/") };
}

/** The source of a mapping can be beside the application, as long as it is in the checkout. */
async function lookUpSource(source: string, root: ApplicationFolder) {
  const { up, names } = parsed(source, "source");
  const path = [...above(up), ...names];
  const location = join(root.location, ...path);
  const boundary = up === 0 ? root.location : root.checkout;
  if (boundary === undefined || !isBelow(location, boundary)) {
    const place = root.checkout === undefined ? "application folder" : "checkout";
    throw new Error(
      `the source "${source}" is outside the ${place}, and only what is in it is published; copy it there first`,
    );
  }
  return { path, boundary, entry: await lookUp(location, path.join("/"), boundary) };
}

function above(up: number): readonly string[] {
  return Array<string>(up).fill("..");
}

/** What to write for a pattern above the application folder: Spin accepts it, and then does not publish its files. */
function mapInstead(up: number, names: readonly string[]): string {
  const wildcard = names.findIndex(hasWildcards);
  const fixed = wildcard < 0 ? names : names.slice(0, wildcard);
  const source = [...above(up), ...fixed].join("/");
  return `; write { source = "${source}", destination = "${fixed.at(-1) ?? "/"}" }`;
}

function parsed(path: string, what: string) {
  try {
    return parseRelativePath(path);
  } catch (error) {
    throw new Error(`the ${what} "${path}" ${messageOf(error)}`);
  }
}

function patternOrRefused(names: readonly string[], pattern: string) {
  try {
    return parsePattern(names);
  } catch (error) {
    throw new Error(`"${pattern}" is not a pattern: ${messageOf(error)}`);
  }
}
