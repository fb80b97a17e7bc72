import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, whyUnwritable } from "@spin-publisher/errors";
import {
  type Asset,
  fetchArchive as download,
  isIntact,
  type ReleaseAccess,
} from "@spin-publisher/spin-release";
import { createFolder } from "../files/create-folder.ts";
import {
  type CacheEntry,
  type CacheEvent,
  cachePatienceMilliseconds,
  restoreFromCache,
} from "./actions-cache.ts";
import { type CacheCircumstances, cachePolicy } from "./cache-policy.ts";

export type ArchiveEvent =
  | CacheEvent
  | { readonly kind: "cache-skipped"; readonly because: string }
  /** The entry holds something other than the archive. */
  | { readonly kind: "cache-mismatch"; readonly key: string }
  | {
      readonly kind: "archive-ready";
      readonly name: string;
      readonly bytes: number;
      readonly restored: boolean;
    };

export interface Archive {
  /** Verified. */
  readonly bytes: Uint8Array;
  /** Whether it came from the Actions cache. */
  readonly restored: boolean;
  readonly keep: Keep | undefined;
}

/** What the post step should save, and how many milliseconds it may take. */
export interface Keep extends CacheEntry {
  readonly patience: number;
}

/**
 * The verified archive, from the Actions cache or from its release. The cache holds the archive, not what was unpacked
 * from it: the archive's checksum is known, and is verified again after every restore.
 */
export async function fetchArchive(
  asset: Asset,
  access: ReleaseAccess,
  { cache, temp }: { cache: CacheCircumstances; temp: string },
  onEvent: (event: ArchiveEvent) => void,
): Promise<Archive> {
  const policy = cachePolicy(cache);
  if (policy.because !== undefined && cache.input === "auto")
    onEvent({ kind: "cache-skipped", because: policy.because });
  const ready = (archive: Archive): Archive => {
    onEvent({
      kind: "archive-ready",
      name: asset.name,
      bytes: archive.bytes.length,
      restored: archive.restored,
    });
    return archive;
  };

  // The client hashes the path into the entry's identity, so it must be the same in every job.
  const entry: CacheEntry = { key: cacheKey(asset), path: join(temp, "setup-spin-archives", asset.name) };
  const { bytes: found, patienceLeft: patience } = policy.restore
    ? await restoreFromCache(entry, onEvent)
    : { bytes: undefined, patienceLeft: cachePatienceMilliseconds };
  if (found !== undefined && isIntact(asset, found))
    return ready({ bytes: found, restored: true, keep: undefined });
  if (found !== undefined) {
    await rm(entry.path, { force: true });
    onEvent({ kind: "cache-mismatch", key: entry.key });
  }

  const bytes = await download(asset, access);
  const save = policy.save && found === undefined && patience > 0;
  const keep =
    save && (await leaveForPostStep(entry.path, bytes, onEvent)) ? { ...entry, patience } : undefined;
  return ready({ bytes, restored: false, keep });
}

/** Writes the archive where the post step finds it. Without space for it, it is not saved. */
async function leaveForPostStep(
  path: string,
  bytes: Uint8Array,
  onEvent: (event: ArchiveEvent) => void,
): Promise<boolean> {
  try {
    await createFolder(dirname(path));
    await writeFile(path, bytes);
    return true;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    onEvent({ kind: "cache-unwritable", because: `"${dirname(path)}": ${whyUnwritable(error)}` });
    await rm(path, { force: true }).catch(() => {});
    return false;
  }
}

/** Ends in the checksum: a release that was replaced under its name gets another entry. */
function cacheKey({ name, sha256 }: Asset): string {
  return `setup-spin-v1-${name.replace(/\.(?:tar\.gz|zip)$/, "")}-${sha256}`;
}
