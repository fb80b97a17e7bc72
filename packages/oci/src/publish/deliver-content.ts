import { createLane } from "../push/concurrency.ts";
import type { UploadTarget } from "../push/upload-target.ts";
import { writeChild } from "../push/write-manifest.ts";
import { blobsOf, type Manifest } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import { type BlobTally, createBlobDelivery } from "./deliver-blobs.ts";
import type { KnownContent } from "./known-content.ts";
import { type MissingParts, missingParts } from "./missing-content.ts";

/** Bringing everything below one root into a repository. */
export interface ContentDelivery {
  /**
   * Everything that the root refers to is in the repository afterwards. Blobs go before the manifest that names them,
   * and each child goes as soon as its own blobs are there.
   */
  deliver(): Promise<void>;
  /**
   * Runs `write`, which writes a manifest, and where the registry answers that it lacks content, sends that again
   * against all knowledge: a registry may have collected it meanwhile (cloudfoundry/korifi#2381), or not yet noticed
   * that it has it (ghcr.io's `unknown blob`, infobloxopen/konk#626).
   */
  recovering<Result>(manifest: Manifest, write: () => Promise<Result>): Promise<Result>;
  tally(): BlobTally;
  settled(): Promise<void>;
}

const recoveryRounds = 4;

/** @param onLastBegun called when no more than the last transfers and the children are to be waited for. */
export function createContentDelivery(
  target: UploadTarget,
  root: Manifest,
  known: KnownContent,
  onLastBegun: () => void,
): ContentDelivery {
  const { client, signal } = target;
  const waiting = new Set<Digest>(blobsOf(root).keys());
  const begun = (digest: Digest) => {
    if (waiting.delete(digest) && waiting.size === 0) onLastBegun();
  };
  const blobs = createBlobDelivery(target, known, begun);
  const lane = createLane(8);
  const children = new Map<Digest, Promise<void>>();

  const below = async (manifest: Manifest): Promise<void> => {
    await Promise.all([...manifest.blobs.map(blobs.bring), ...manifest.children.map(bringOnce)]);
  };

  const bringOnce = (child: Manifest): Promise<void> => {
    const running = children.get(child.descriptor.digest) ?? bringChild(child);
    children.set(child.descriptor.digest, running);
    return running;
  };

  const bringChild = async (child: Manifest): Promise<void> => {
    if (known.has(child.descriptor.digest)) return countAsPresent(child);
    await below(child);
    await write(child);
  };

  const write = (child: Manifest): Promise<void> =>
    recovering(child, () =>
      lane(() => {
        signal.throwIfAborted();
        return writeChild(target, child);
      }),
    );

  const countAsPresent = (manifest: Manifest): void => {
    manifest.blobs.forEach(blobs.countAsPresent);
    manifest.children.forEach(countAsPresent);
  };

  const recovering: ContentDelivery["recovering"] = async (manifest, attempt) => {
    for (let round = 0; ; round += 1) {
      try {
        return await attempt();
      } catch (error) {
        const missing = missingParts(error, manifest);
        if (missing === undefined || round === recoveryRounds) throw error;
        const delayMilliseconds = 250 * 2 ** round;
        const what = `content of ${manifest.descriptor.digest}`;
        client.tell({ kind: "retry", what, because: "the registry lacks some of it", delayMilliseconds });
        await client.retry.sleep(delayMilliseconds, signal);
        const wasMissing = await bringAgain(missing);
        // Children are simply written again; that this was the reason shows in the next attempt, or never.
        const mayHelp = wasMissing || (round === 0 && missing.children.length > 0);
        if (!mayHelp && missing.certainty === "perhaps") throw error;
      }
    }
  };

  const bringAgain = async ({
    blobs: lost,
    children: orphans,
    certainty,
  }: MissingParts): Promise<boolean> => {
    const wereMissing = await Promise.all(lost.map((blob) => blobs.bringAgain(blob, certainty === "named")));
    await Promise.all(
      orphans.map(async (child) => {
        await below(child);
        await write(child);
      }),
    );
    return wereMissing.includes(true);
  };

  return {
    deliver: async () => {
      if (known.has(root.descriptor.digest)) countAsPresent(root);
      else await below(root);
    },
    recovering,
    tally: blobs.tally,
    settled: async () => {
      await Promise.allSettled(children.values());
      await blobs.settled();
    },
  };
}
