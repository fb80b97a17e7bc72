import { readFile, rm } from "node:fs/promises";
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
 * How long a job waits for the Actions cache altogether, to restore and to save. The client itself would wait for up to
 * 16 minutes, while a download of Spin takes seconds.
 */
export const cachePatienceMilliseconds = 8_000;

export interface Restored {
  /** The restored file; undefined where there is no entry with exactly this key, or where the cache is unusable. */
  readonly bytes: Uint8Array | undefined;
  /** What is left of the patience; 0 where it was used up. */
  readonly patienceLeft: number;
}

/** Looks for an archive in the Actions cache, whose problems are never a failure of the job. */
export async function restoreFromCache(
  { key, path }: CacheEntry,
  onEvent: (event: CacheEvent) => void,
): Promise<Restored> {
  const start = performance.now();
  let bytes: Uint8Array | undefined;
  try {
    const found = await within(cachePatienceMilliseconds, async () => {
      const { restoreCache } = await import("@actions/cache"); // costs 50 ms, so only when it is needed
      return await restoreCache([path], key);
    });
    // An entry without the file is as wrong as one with another file.
    if (found === key) bytes = await readFile(path).catch(() => new Uint8Array());
  } catch (error) {
    onEvent({ kind: "cache-unreadable", because: messageOf(error) });
    if (error instanceof PatienceUsedUp) {
      await rm(path, { force: true }).catch(() => {});
      return { bytes: undefined, patienceLeft: 0 };
    }
  }
  return { bytes, patienceLeft: Math.max(0, cachePatienceMilliseconds - (performance.now() - start)) };
}

/** Saves an archive for later runs, within `patience` milliseconds. A failure is reported, and never fails the job. */
export async function saveToCache(
  { key, path }: CacheEntry,
  patience: number,
  onEvent: (event: CacheEvent) => void,
): Promise<void> {
  try {
    await within(patience, async () => {
      const { saveCache } = await import("@actions/cache");
      await saveCache([path], key);
    });
  } catch (error) {
    onEvent({ kind: "cache-unwritable", because: messageOf(error) });
  }
}

class PatienceUsedUp extends Error {}

/** The task goes on where it is given up: the client cannot be told to stop, so the process must not wait for it. */
async function within<Result>(milliseconds: number, task: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new PatienceUsedUp(
            `it had no result within ${Math.ceil(milliseconds / 1000)} s, so the job goes on without it`,
          ),
        ),
      milliseconds,
    );
  });
  try {
    return await Promise.race([task(), givenUp]);
  } finally {
    clearTimeout(timer);
  }
}
