import { compareBytes } from "@spin-publisher/archive";
import { lfsAdvice, whyUnreadable } from "@spin-publisher/errors";
import pLimit from "p-limit";
import { ManifestError } from "../manifest/error.ts";
import type { CollectedFile } from "./collect.ts";
import { type Content, contentOfFile } from "./content.ts";

/** A file as it is published for one component. */
export interface PreparedFile {
  /** Where the component sees it. */
  readonly path: string;
  /** Where it comes from, relative to the application folder. */
  readonly origin: string;
  readonly content: Content;
}

/** Hashes every file once, even when several components have it. */
export function createHasher(): (location: string) => Promise<Content> {
  const known = new Map<string, Promise<Content>>();
  return (location) => {
    const content = known.get(location) ?? contentOfFile(location);
    known.set(location, content);
    return content;
  };
}

/**
 * The files with their contents, sorted by the bytes of their paths. Spin publishes them in the order in which the
 * file system lists them; readers do not care, and the digest must be the same everywhere.
 *
 * @throws ManifestError when two entries put different files at one place, or a file where a folder has to be:
 *   which of them Spin would publish is a matter of luck; and for a Git LFS pointer, unless `allowLfsPointers`.
 */
export async function prepareFiles(
  collected: readonly CollectedFile[],
  hash: (location: string) => Promise<Content>,
  allowLfsPointers: boolean,
): Promise<readonly PreparedFile[]> {
  const contents = await hashAll(collected, hash);
  const prepared = new Map<string, PreparedFile>();
  for (const [index, { destination, path, line }] of collected.entries()) {
    const content = contents[index];
    if (content === undefined) continue;
    if (content.isLfsPointer && !allowLfsPointers) {
      throw new ManifestError(
        line,
        `"${path}" is a Git LFS pointer and not the file itself; ${lfsAdvice}, or "allow-lfs-pointers: true" to publish the pointer`,
      );
    }
    const rival = prepared.get(destination);
    if (rival !== undefined && rival.content.digest !== content.digest) {
      throw new ManifestError(
        line,
        `"${rival.origin}" and "${path}" differ, and both would be published as "${destination}"; exclude one of them`,
      );
    }
    if (rival === undefined) prepared.set(destination, { path: destination, origin: path, content });
  }
  for (const { destination, line } of collected) {
    const folder = ancestorsOf(destination).find((ancestor) => prepared.has(ancestor));
    if (folder !== undefined) {
      throw new ManifestError(line, `"${folder}" is a file, but "${destination}" needs it to be a folder`);
    }
  }
  return [...prepared.values()].sort((left, right) => compareBytes(left.path, right.path));
}

/** A promise for each file of a large site at once would take more memory than what is known about the files. */
const filesAtOnce = 512;

async function hashAll(
  files: readonly CollectedFile[],
  hash: (location: string) => Promise<Content>,
): Promise<readonly Content[]> {
  const limit = pLimit(16);
  const contents: Content[] = [];
  for (let from = 0; from < files.length; from += filesAtOnce) {
    const batch = files.slice(from, from + filesAtOnce);
    contents.push(...(await limit.map(batch, (file) => hashOf(file, hash))));
  }
  return contents;
}

async function hashOf(
  { location, path, line }: CollectedFile,
  hash: (location: string) => Promise<Content>,
): Promise<Content> {
  try {
    return await hash(location);
  } catch (cause) {
    throw new ManifestError(line, `"${path}" ${whyUnreadable(cause)}`, { cause });
  }
}

function ancestorsOf(path: string): readonly string[] {
  const names = path.split("/");
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join("/"));
}
