import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import {
  type ArchiveFile,
  type ArchiveLimits,
  ArchiveRefused,
  pathInside,
  refused,
} from "./untrusted-archive.ts";

/**
 * The regular files of a third-party `.tar.gz`, in archive order. Directories are skipped.
 *
 * @param keep decides by path which files are kept in memory; the others are only checked.
 * @throws Error when an entry is absolute, leaves the archive, is a link or a device, or occurs twice; when the archive
 *   unpacks to more than `limits`; when it is truncated or not a gzipped tar.
 */
export async function untar(
  archive: Uint8Array | Readable,
  limits: ArchiveLimits,
  keep: (path: string) => boolean = () => true,
): Promise<readonly ArchiveFile[]> {
  const files = new Map<string, ArchiveFile>();
  const source = archive instanceof Readable ? archive : Readable.from([archive]);
  const unpack = extract();
  const fed = pipeline(source, createGunzip(), boundedTo(limits.totalBytes), unpack);
  fed.catch(() => {}); // awaited below; if the loop throws first, this must not be unhandled
  let entries = 0;
  try {
    for await (const entry of unpack) {
      entries += 1;
      if (entries > limits.entries) throw refused(`it contains more than ${limits.entries} entries`);
      const { name, type, mode } = entry.header;
      const path = pathInside(name);
      if (path === undefined) throw refused(`the path "${name}" leaves it`);
      if (type !== "file" && type !== "directory") {
        throw refused(`"${name}" is a ${type}; only files and directories are allowed`);
      }
      if (type === "file" && files.has(path)) throw refused(`it contains "${path}" twice`);
      const wanted = type === "file" && keep(path);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) if (wanted) chunks.push(chunk as Uint8Array);
      if (wanted)
        files.set(path, { path, bytes: Buffer.concat(chunks), executable: ((mode ?? 0) & 0o111) !== 0 });
    }
    await fed;
  } catch (error) {
    if (error instanceof ArchiveRefused) throw error;
    throw new Error("The archive is damaged or not a gzipped tar. Download it again.", { cause: error });
  }
  return [...files.values()];
}

/** Stops a decompression bomb before it reaches the tar reader, which buffers whole PAX records. */
function boundedTo(limit: number): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      total += chunk.length;
      if (total > limit) done(refused(`it unpacks to more than ${limit} bytes`));
      else done(null, chunk);
    },
  });
}
