import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Asset, fetchArchive, isIntact, type ReleaseAccess } from "@spin-publisher/spin-release";
import type { Reporter } from "../install.ts";
import type { CachePolicy } from "./cache-policy.ts";

/** What the post step is to put into the Actions cache. */
export interface CacheEntry {
  readonly key: string;
  readonly path: string;
}

type Warn = (message: string) => void;

export interface Obtained {
  /** Verified. */
  readonly bytes: Uint8Array;
  readonly restored: boolean;
  readonly keep?: CacheEntry;
}

/**
 * The verified archive, from the Actions cache or from where it was released. The archive is what is kept, not what
 * was unpacked from it: its checksum is known, and verified again after every restore.
 */
export async function obtain(
  asset: Asset,
  access: ReleaseAccess,
  { policy, temp, report }: { policy: CachePolicy; temp: string; report: Reporter },
): Promise<Obtained> {
  // The client hashes the path into the entry's identity, so it must be the same in every job.
  const entry: CacheEntry = { key: cacheKey(asset), path: join(temp, "setup-spin-archives", asset.name) };
  const found = policy.restore ? await restore(entry, report.warning) : undefined;
  if (found !== undefined && isIntact(asset, found)) return { bytes: found, restored: true };
  if (found !== undefined) {
    await rm(entry.path, { force: true });
    report.warning(
      `The Actions cache does not hold the release as ${entry.key}, so it was downloaded. Delete the entry (gh cache delete ${entry.key}) and find out who wrote it.`,
    );
  }
  const bytes = await fetchArchive(asset, access);
  if (!policy.save || found !== undefined) return { bytes, restored: false };
  await mkdir(join(temp, "setup-spin-archives"), { recursive: true });
  await writeFile(entry.path, bytes);
  return { bytes, restored: false, keep: entry };
}

/** Ends in the checksum: a release that was replaced under its name gets another entry. */
function cacheKey({ name, sha256 }: Asset): string {
  return `setup-spin-v1-${name.replace(/\.(?:tar\.gz|zip)$/, "")}-${sha256}`;
}

/** @returns the restored file, or undefined where there is no entry of exactly this key, or no cache to be had. */
async function restore({ key, path }: CacheEntry, warn: Warn): Promise<Uint8Array | undefined> {
  try {
    const { restoreCache } = await import("@actions/cache");
    if ((await restoreCache([path], key)) !== key) return undefined;
  } catch (error) {
    warn(`The Actions cache could not be read: ${messageOf(error)}`);
    return undefined;
  }
  // An entry without the file is as wrong as one with another file.
  return await readFile(path).catch(() => new Uint8Array());
}

/** Keeps an archive for later runs. A cache is a convenience: whatever goes wrong with it is no failure of the job. */
export async function keepInCache({ key, path }: CacheEntry, warn: Warn): Promise<void> {
  try {
    const { saveCache } = await import("@actions/cache");
    await saveCache([path], key);
  } catch (error) {
    warn(`Spin was not kept in the Actions cache: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
