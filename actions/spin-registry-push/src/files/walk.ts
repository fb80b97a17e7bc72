import { isUtf8 } from "node:buffer";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isBelow } from "./boundary.ts";
import { type Entry, look, lookUnnamed, outside } from "./entry.ts";
import { type Glob, hasWildcards, matches, parseGlob } from "./glob.ts";

/** A regular file, links followed. */
export interface FoundFile {
  /** Relative to the application folder, `/`-separated, as it was reached. */
  readonly path: string;
  /** Where it can be read. */
  readonly location: string;
}

/** Where a walk starts, and what links must not lead out of; both with links resolved. */
export interface Start {
  /** Names from the application folder to here. */
  readonly names: readonly string[];
  readonly location: string;
  readonly boundary: string;
}

/** What a walk came across. */
export interface Walked {
  readonly found: readonly FoundFile[];
  /** How many files matched and were excluded. */
  readonly excluded: number;
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

/** @throws Error (a clause for the caller's sentence) when one of the names is not a pattern. */
export function parsePattern(names: readonly string[]): readonly Part[] {
  return names.map((name) => {
    if (name === "**") return { kind: "folders" };
    return hasWildcards(name) ? { kind: "glob", glob: parseGlob(name) } : { kind: "name", name };
  });
}

/**
 * Finds the files that a pattern names, each folder being read once.
 *
 * @param excludes whether a file is left out (by its path); asked before anything is refused.
 * @throws Error when something that matches cannot be published (a name that is not UTF-8, a link to nothing, a device),
 *   when a link leads out of the boundary or back to a folder above it, or when links lead to a folder in very many ways.
 */
export async function walk(
  start: Start,
  pattern: readonly Part[],
  excludes: (path: string) => boolean,
): Promise<Walked> {
  const found: FoundFile[] = [];
  let excluded = 0;
  const visits = new Map<string, number>();

  const isWanted = (path: string) => {
    if (!excludes(path)) return true;
    excluded += 1;
    return false;
  };
  const takeFile = (path: string, entry: Exclude<Entry, { kind: "folder" | "nothing" }>) => {
    if (!isWanted(path)) return;
    if (entry.kind === "outside") throw outside(path, entry.location);
    if (entry.kind === "special") throw cannotBePublished(path, entry);
    found.push({ path, location: entry.location });
  };
  const enterFolder = async (folder: Folder, path: string, entry: Entry, next: ReadonlySet<number>) => {
    if (entry.kind !== "folder") {
      if (excludes(`${path}/${anyName}`)) return;
      if (entry.kind === "outside") throw outside(path, entry.location);
      throw cannotBePublished(path, entry);
    }
    const above = [...folder.above, folder.location];
    if (above.includes(entry.location) || isBelow(folder.location, entry.location)) {
      throw new Error(`the link "${path}" leads back to a folder above itself; exclude or remove it`);
    }
    await visit({ names: path.split("/"), location: entry.location, above }, next);
  };

  const visit = async (folder: Folder, places: ReadonlySet<number>): Promise<void> => {
    const times = (visits.get(folder.location) ?? 0) + 1;
    visits.set(folder.location, times);
    if (times > mostVisits) {
      throw new Error(
        `the folder "${folder.names.join("/")}" is reached through links in more than ${mostVisits} ways`,
      );
    }
    for (const { name, raw } of await candidates(folder, places, pattern)) {
      const next = advance(places, name, pattern);
      if (next.size === 0) continue;
      const names = [...folder.names, name];
      const entry =
        raw === undefined
          ? await look(join(folder.location, name), start.boundary)
          : await lookUnnamed(folder.location, raw);
      if (entry.kind === "nothing") continue;
      const path = names.join("/");
      if (entry.kind === "folder" || (entry.kind !== "file" && entry.isFolder)) {
        const goesOn = next.size > 1 || !next.has(pattern.length);
        if (goesOn) await enterFolder(folder, path, entry, next);
      } else if (endsAt(places, name, pattern)) takeFile(path, entry);
    }
  };
  await visit({ ...start, above: [] }, reach(new Set(), 0, pattern));
  return { found, excluded };
}

function cannotBePublished(path: string, entry: Entry): Error {
  const { what = "", escaped } = entry.kind === "special" ? entry : {};
  const shown = escaped === undefined ? path : [...path.split("/").slice(0, -1), escaped].join("/");
  return new Error(`"${shown}" is ${what}; exclude or remove it`);
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

interface Candidate {
  readonly name: string;
  /** The name itself where it is not UTF-8; `name` is then only good to compare with patterns. */
  readonly raw?: Buffer;
}

/** The names in a folder that the pattern can match: those it spells out, or all of them. */
async function candidates(
  { location }: Folder,
  places: ReadonlySet<number>,
  pattern: readonly Part[],
): Promise<readonly Candidate[]> {
  const parts = [...places].flatMap((place) => pattern[place] ?? []);
  const spelled = parts.flatMap((part) => (part.kind === "name" ? part.name : []));
  if (spelled.length === parts.length) return [...new Set(spelled)].map((name) => ({ name }));
  const names = await readdir(location, { encoding: "buffer" });
  return names.map((raw) => (isUtf8(raw) ? { name: raw.toString() } : { name: raw.toString(), raw }));
}
