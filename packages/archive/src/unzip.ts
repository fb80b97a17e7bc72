import { unzipSync } from "fflate";
import {
  type ArchiveFile,
  type ArchiveLimits,
  ArchiveRefused,
  pathInside,
  refused,
} from "./untrusted-archive.ts";

/**
 * The files of a third-party `.zip`, in the order of its directory; folders are skipped. Links are not created: an entry that
 * claims to be one is a file containing a path. No file is executable, because only archives for Windows have this format.
 *
 * @param keep decides by path which files are unpacked; the others are only checked.
 * @throws Error when an entry leaves the archive or occurs twice, when the declared sizes exceed `limits` (unpacked content
 *   never exceeds its declared size), or when it is not a zip.
 */
export function unzip(
  archive: Uint8Array,
  limits: ArchiveLimits,
  keep: (path: string) => boolean = () => true,
): readonly ArchiveFile[] {
  const paths = new Map<string, string>();
  const seen = new Set<string>();
  let entries = 0;
  let total = 0;
  const filter = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
    entries += 1;
    total += originalSize;
    if (entries > limits.entries) throw refused(`it contains more than ${limits.entries} entries`);
    if (total > limits.totalBytes) throw refused(`it unpacks to more than ${limits.totalBytes} bytes`);
    const path = pathInside(name);
    if (path === undefined) throw refused(`the path "${name}" leaves it`);
    if (name.endsWith("/")) return false;
    if (seen.has(path)) throw refused(`it contains "${path}" twice`);
    seen.add(path);
    if (!keep(path)) return false;
    paths.set(name, path);
    return true;
  };
  const unpacked = readZip(archive, filter);
  return [...paths].flatMap(([name, path]) => {
    const bytes = unpacked[name];
    return bytes === undefined ? [] : [{ path, bytes, executable: false }];
  });
}

function readZip(
  archive: Uint8Array,
  filter: (entry: { name: string; originalSize: number }) => boolean,
): Readonly<Record<string, Uint8Array>> {
  try {
    return unzipSync(archive, { filter });
  } catch (error) {
    if (error instanceof ArchiveRefused) throw error;
    throw new Error("The archive is damaged or not a zip. Download it again.", { cause: error });
  }
}
