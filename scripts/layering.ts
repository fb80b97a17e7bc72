// Which imports the layout of the repository allows (docs/architecture.md): pure functions over a list of sources.
import { dirname, join, normalize } from "node:path";

/** A TypeScript source: its path from the repository's root, with `/`, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** An import of one source: of a package by its name, of a file by its path from the repository's root. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly kind: "file" | "package";
}

/**
 * The folders of a package's or action's `src` ("rooms"), each with those it may import. A folder that is not listed is
 * an error, so that its place is decided before it is used.
 */
export type Rooms = Readonly<Record<string, readonly string[]>>;

/** The imports of a source, types included. */
export function importsOf({ path, text }: Source): readonly Import[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s*"([^"]+)"/g,
  );
  return [...found].map(([, from, dynamic, bare]) => {
    const specifier = from ?? dynamic ?? bare ?? "";
    return specifier.startsWith(".")
      ? { from: path, to: normalize(join(dirname(path), specifier)).replaceAll("\\", "/"), kind: "file" }
      : { from: path, to: specifier, kind: "package" };
  });
}

/** Imports from one room to another that the rules do not allow, as `from → to`. */
export function againstTheRooms(place: string, rooms: Rooms, imports: readonly Import[]): readonly string[] {
  return imports.flatMap(({ from, to, kind }) => {
    const [here, there] = [roomOf(place, from), roomOf(place, to)];
    if (kind !== "file" || here === undefined || there === here) return [];
    const allowed = there !== undefined && (rooms[here]?.includes(there) ?? false);
    return allowed ? [] : [`${from} → ${to}`];
  });
}

/** The folder below `src` that contains a file; undefined for files of `src` itself and of other places. */
export function roomOf(place: string, path: string): string | undefined {
  const prefix = `${place}/src/`;
  if (!path.startsWith(prefix)) return undefined;
  const [room, ...below] = path.slice(prefix.length).split("/");
  return below.length === 0 ? undefined : room;
}

/** Groups of files that import each other in a circle, each sorted. Type imports count: a reader follows them too. */
export function importCircles(imports: readonly Import[]): readonly (readonly string[])[] {
  const next = new Map<string, readonly string[]>();
  for (const { from, to, kind } of imports) {
    if (kind === "file") next.set(from, [...(next.get(from) ?? []), to]);
  }
  const reachable = new Map<string, ReadonlySet<string>>(
    [...next.keys()].map((file) => [file, reach(file, next)]),
  );
  const circles = new Map<string, readonly string[]>();
  for (const [file, reached] of reachable) {
    if (!reached.has(file)) continue;
    const circle = [...reached].filter((other) => reachable.get(other)?.has(file)).sort();
    circles.set(circle.join(), circle);
  }
  return [...circles.values()];
}

/** All files that a file imports, directly or indirectly. */
function reach(file: string, next: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...(next.get(file) ?? [])];
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    if (seen.has(current)) continue;
    seen.add(current);
    open.push(...(next.get(current) ?? []));
  }
  return seen;
}
