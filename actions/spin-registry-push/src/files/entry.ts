import type { Stats } from "node:fs";
import { lstat, readlink, realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { errorCode } from "@spin-publisher/errors";
import { isBelow } from "./boundary.ts";

/** What is at a path. */
export type Entry =
  | { readonly kind: "file"; readonly location: string }
  | { readonly kind: "folder"; readonly location: string }
  /** A link that leads out of the boundary. */
  | { readonly kind: "outside"; readonly isFolder: boolean; readonly location: string }
  /** What cannot be published; `what` ends a sentence that starts with its path: `a socket, which cannot be published`. */
  | {
      readonly kind: "special";
      readonly what: string;
      readonly isFolder: boolean;
      /** How to show a name that is not UTF-8. */
      readonly escaped?: string;
    }
  | { readonly kind: "nothing" };

/** What is at `location`, links followed. */
export async function look(location: string, boundary: string): Promise<Entry> {
  const own = await lstat(location).catch(absent);
  if (own === undefined) return { kind: "nothing" };
  if (!own.isSymbolicLink()) return kindOf(own, location);
  const target = await stat(location).catch(deadEnd);
  if (target === "circle") {
    return { kind: "special", what: "a link that leads back to itself", isFolder: false };
  }
  if (target === "nothing") {
    const what = `a link to "${await readlink(location)}", which does not exist`;
    return { kind: "special", what, isFolder: false };
  }
  const real = await realpath(location);
  if (isBelow(real, boundary)) return kindOf(target, real);
  return { kind: "outside", isFolder: target.isDirectory(), location: real };
}

/** What is at a path that a manifest names, links in its folders followed too. @throws Error outside the boundary. */
export async function lookUp(location: string, path: string, boundary: string): Promise<Entry> {
  const target = await stat(location).catch(absent);
  if (target === undefined) return look(location, boundary);
  const real = await realpath(location);
  if (!isBelow(real, boundary)) throw outside(path, real);
  return kindOf(target, real);
}

/** What is called `name`, which is not UTF-8: it has no name in the JSON of a locked application. */
export async function lookUnnamed(folder: string, name: Buffer): Promise<Entry> {
  const own = await lstat(Buffer.concat([Buffer.from(folder + sep), name])).catch(absent);
  if (own === undefined) return { kind: "nothing" };
  return {
    kind: "special",
    what: "not named in UTF-8, so it cannot be published",
    isFolder: own.isDirectory(),
    escaped: escaped(name),
  };
}

/** `caf\xe9.md` */
function escaped(name: Uint8Array): string {
  const characters = [...name].map((byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return characters.join("");
}

export function outside(path: string, location: string): Error {
  return new Error(
    `"${path}" is a link to "${location}", outside the application folder; replace it with a copy of its target`,
  );
}

function kindOf(found: Stats, location: string): Entry {
  if (found.isFile()) return { kind: "file", location };
  if (found.isDirectory()) return { kind: "folder", location };
  const what = found.isSocket() ? "a socket" : found.isFIFO() ? "a named pipe" : "a device";
  return { kind: "special", what: `${what}, which cannot be published`, isFolder: false };
}

function absent(error: unknown): undefined {
  deadEnd(error);
}

/** Links to nothing and links in circles lead nowhere; anything else that goes wrong is an error. */
function deadEnd(error: unknown): "nothing" | "circle" {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") return "nothing";
  if (code === "ELOOP") return "circle";
  throw error;
}
