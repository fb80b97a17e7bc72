import { once } from "node:events";
import { pack } from "tar-stream";
import { storedGzip } from "./gzip.ts";

/** One entry of an archive to write. `path` is relative, `/`-separated, without `.` or `..` segments. */
export type TarEntry =
  | {
      readonly type: "file";
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly executable?: boolean;
    }
  /** `shared`: all users may create files in it and delete only their own, as in /tmp (mode 1777). */
  | { readonly type: "directory"; readonly path: string; readonly shared?: boolean }
  /** `target` is written unchanged: it is resolved only where the archive is unpacked. */
  | { readonly type: "symlink"; readonly path: string; readonly target: string };

/**
 * A tar archive that depends on nothing but its entries: they are written in the given order, with constant owner (0:0),
 * mode (0755 for directories and executables, 0644 for other files) and modification time (epoch 0), as plain ustar with a
 * PAX `path` record only where a name does not fit.
 *
 * The whole archive is returned in memory: shards and layers are small enough.
 *
 * @throws Error when a path is absolute, leaves the archive, or occurs twice (OCI image-spec, layer.md, forbids
 *   duplicates in a layer).
 */
export async function tar(entries: Iterable<TarEntry>): Promise<Uint8Array> {
  const archive = pack();
  const chunks: Uint8Array[] = [];
  archive.on("data", (chunk) => chunks.push(chunk as Uint8Array));
  const collected = once(archive, "end");
  const seen = new Set<string>();
  for (const entry of entries) {
    requireRelativePath(entry.path, seen);
    const header = { mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" };
    if (entry.type === "directory") {
      const mode = entry.shared === true ? 0o1777 : 0o755;
      archive.entry({ ...header, name: `${entry.path}/`, type: "directory", mode });
    } else if (entry.type === "symlink") {
      archive.entry({ ...header, name: entry.path, type: "symlink", linkname: entry.target, mode: 0o777 });
    } else {
      const mode = entry.executable === true ? 0o755 : 0o644;
      archive.entry({ ...header, name: entry.path, type: "file", mode }, viewOf(entry.bytes));
    }
  }
  archive.finalize();
  await collected;
  return Buffer.concat(chunks);
}

/** The two blocks of zeros that end a tar. */
const end = 1024;

/** A tar as `tar` makes it, uncompressed in a gzip member; no more than one entry is in memory. */
export function storedTarGzip(entries: AsyncIterable<TarEntry>): AsyncIterable<Uint8Array> {
  const chunks = async function* () {
    for await (const entry of entries) yield (await tar([entry])).subarray(0, -end);
    yield Buffer.alloc(end);
  };
  return storedGzip(chunks());
}

/** The bytes as a Buffer, without a copy. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function requireRelativePath(path: string, seen: Set<string>): void {
  const segments = path.split("/");
  if (
    path.includes("\0") ||
    segments.some((segment) => segment === "" || segment === "." || segment === "..")
  ) {
    throw new Error(`"${path}" cannot be a path in an archive: it must be relative, without "." and "..".`);
  }
  if (seen.has(path)) throw new Error(`The archive would contain "${path}" twice.`);
  seen.add(path);
}
