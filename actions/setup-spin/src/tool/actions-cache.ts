import { readFile } from "node:fs/promises";
import { messageOf } from "@spin-publisher/errors";

/** An archive in the Actions cache, or what the post step will put there. */
export interface CacheEntry {
  readonly key: string;
  readonly path: string;
}

export type CacheEvent =
  | { readonly kind: "cache-unreadable"; readonly because: string }
  | { readonly kind: "cache-unwritable"; readonly because: string };

/**
 * The restored file; undefined where there is no entry with exactly this key, or where the cache cannot be read, which
 * is never a failure. The client is loaded when it is needed: it costs 50 ms.
 */
export async function restoreFromCache(
  { key, path }: CacheEntry,
  onEvent: (event: CacheEvent) => void,
): Promise<Uint8Array | undefined> {
  try {
    const { restoreCache } = await import("@actions/cache");
    if ((await restoreCache([path], key)) !== key) return undefined;
  } catch (error) {
    onEvent({ kind: "cache-unreadable", because: messageOf(error) });
    return undefined;
  }
  // An entry without the file is as wrong as one with another file.
  return await readFile(path).catch(() => new Uint8Array());
}

/** Saves an archive for later runs. A cache is a convenience: its problems never fail the job. */
export async function saveToCache(
  { key, path }: CacheEntry,
  onEvent: (event: CacheEvent) => void,
): Promise<void> {
  try {
    const { saveCache } = await import("@actions/cache");
    await saveCache([path], key);
  } catch (error) {
    onEvent({ kind: "cache-unwritable", because: messageOf(error) });
  }
}
