import { isUtf8 } from "node:buffer";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "@spin-publisher/errors";
import { isBelow } from "./boundary.ts";
import { type Glob, hasWildcards, matches, parseGlob } from "./glob.ts";

/** A regular file below the application folder, links followed. */
export interface FoundFile {
  /** Relative to the application folder, `/`-separated, as it was reached. */
  readonly path: string;
  /** Where it can be read. */
  readonly location: string;
}

/** The application folder, with links resolved. */
export interface ApplicationFolder {
  readonly location: string;
}

export async function openApplicationFolder(folder: string): Promise<ApplicationFolder> {
  return { location: await realpath(folder) };
}

/** Links that are all followed could otherwise turn a few folders into any number. */
const mostVisits = 64;

/**
 * Stands for every file of a folder that is not read, to ask whether all of them are excluded: the last code point of
 * Unicode, which no author spells out in a pattern, so only a wildcard matches it.
 */
const anyName = "\u{10FFFF}";

/** One name of a pattern. */
type Part =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "glob"; readonly glob: Glob }
  /** `**` */
  | { readonly kind: "folders" };

interface Folder {
  /** Names from the application folder to here. */
  readonly names: readonly string[];
  /** Without links; what it and the folders above it really are, to notice a link that leads back up. */
  readonly location: string;
  readonly above: readonly string[];
}

type Entry =
  | { readonly kind: "file"; readonly location: string }
  | { readonly kind: "folder"; readonly location: string }
  /** A link that leads out of the application folder. */
  | { readonly kind: "outside"; readonly isFolder: boolean; readonly location: string }
  | { readonly kind: "other" };

/** @throws Error (a clause for the caller's sentence) when one of the names is not a pattern. */
export function parsePattern(names: readonly string[]): readonly Part[] {
  return names.map((name) => {
    if (name === "**") return { kind: "folders" };
    return hasWildcards(name) ? { kind: "glob", glob: parseGlob(name) } : { kind: "name", name };
  });
}

/**
 * Finds the files that a pattern names, each folder being read once. Names that are not UTF-8 are passed over, as
 * they cannot be published; so are devices, sockets and links to nothing.
 *
 * @param excluded whether a file is left out (by its path); asked before anything is refused.
 * @throws Error when a link leads out of the application folder or back to a folder above it, or when links lead to a
 *   folder in very many ways.
 */
export async function walk(
  root: ApplicationFolder,
  pattern: readonly Part[],
  excluded: (path: string) => boolean,
): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  const visits = new Map<string, number>();
  const visit = async (folder: Folder, places: ReadonlySet<number>): Promise<void> => {
    const times = (visits.get(folder.location) ?? 0) + 1;
    visits.set(folder.location, times);
    if (times > mostVisits) {
      throw new Error(
        `the folder "${folder.names.join("/")}" is reached through links in more than ${mostVisits} ways`,
      );
    }
    for (const name of await candidates(folder, places, pattern)) {
      const next = advance(places, name, pattern);
      if (next.size === 0) continue;
      const names = [...folder.names, name];
      const path = names.join("/");
      const entry = await look(join(folder.location, name), root);
      if (entry.kind === "file" || (entry.kind === "outside" && !entry.isFolder)) {
        if (!endsAt(places, name, pattern) || excluded(path)) continue;
        if (entry.kind === "outside") throw leavesApplication(path, entry.location);
        found.push({ path, location: entry.location });
      } else if (entry.kind === "folder" || entry.kind === "outside") {
        if (next.size === 1 && next.has(pattern.length)) continue;
        if (entry.kind === "outside") {
          if (excluded(`${path}/${anyName}`)) continue;
          throw leavesApplication(path, entry.location);
        }
        const above = [...folder.above, folder.location];
        if (above.includes(entry.location)) {
          throw new Error(`the link "${path}" leads back to a folder above itself; exclude or remove it`);
        }
        await visit({ names, location: entry.location, above }, next);
      }
    }
  };
  await visit({ names: [], location: root.location, above: [] }, reach(new Set(), 0, pattern));
  return found;
}

function leavesApplication(path: string, location: string): Error {
  return new Error(
    `"${path}" is a link to "${location}", outside the application folder; replace it with a copy of its target`,
  );
}

/** Adds a place of the pattern, and those after it that `**` can skip to by matching no folder. */
function reach(places: Set<number>, place: number, pattern: readonly Part[]): Set<number> {
  places.add(place);
  return pattern[place]?.kind === "folders" ? reach(places, place + 1, pattern) : places;
}

/** The places of the pattern after an entry called `name`. */
function advance(places: ReadonlySet<number>, name: string, pattern: readonly Part[]): ReadonlySet<number> {
  const next = new Set<number>();
  for (const place of places) {
    const part = pattern[place];
    if (part?.kind === "folders") reach(next, place, pattern);
    else if (part !== undefined && accepts(part, name)) reach(next, place + 1, pattern);
  }
  return next;
}

/** Whether the pattern can end with a file called `name`; `**` matches folders only. */
function endsAt(places: ReadonlySet<number>, name: string, pattern: readonly Part[]): boolean {
  const last = pattern.at(-1);
  return last !== undefined && places.has(pattern.length - 1) && accepts(last, name);
}

function accepts(part: Part, name: string): boolean {
  if (part.kind === "name") return part.name === name;
  return part.kind === "glob" && matches(part.glob, name);
}

/** The names in a folder that the pattern can match: those it spells out, or all of them. */
async function candidates(
  { location }: Folder,
  places: ReadonlySet<number>,
  pattern: readonly Part[],
): Promise<readonly string[]> {
  const parts = [...places].flatMap((place) => pattern[place] ?? []);
  const spelled = parts.flatMap((part) => (part.kind === "name" ? part.name : []));
  if (spelled.length === parts.length) return [...new Set(spelled)];
  const names = await readdir(location, { encoding: "buffer" });
  return names.filter((name) => isUtf8(name)).map((name) => name.toString("utf8"));
}

async function look(location: string, root: ApplicationFolder): Promise<Entry> {
  const own = await lstat(location).catch(absent);
  if (own === undefined) return { kind: "other" };
  if (!own.isSymbolicLink()) return kindOf(own, location);
  const target = await stat(location).catch(absent);
  if (target === undefined) return { kind: "other" };
  const real = await realpath(location);
  if (isBelow(real, root.location)) return kindOf(target, real);
  return { kind: "outside", isFolder: target.isDirectory(), location: real };
}

function kindOf(found: { isFile(): boolean; isDirectory(): boolean }, location: string): Entry {
  if (found.isFile()) return { kind: "file", location };
  return found.isDirectory() ? { kind: "folder", location } : { kind: "other" };
}

/** Links to nothing and links in circles are no files; anything else that goes wrong is an error. */
function absent(error: unknown): undefined {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
  throw error;
}

/** What is at a path without wildcards. @throws Error when a link leads out of the application folder. */
export async function lookUp(names: readonly string[], root: ApplicationFolder): Promise<Entry> {
  const location = join(root.location, ...names);
  const target = await stat(location).catch(absent);
  if (target === undefined) return { kind: "other" };
  const real = await realpath(location);
  if (!isBelow(real, root.location)) throw leavesApplication(names.join("/"), real);
  return kindOf(target, real);
}
