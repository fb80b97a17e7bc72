import pLimit from "p-limit";
import type { UploadTarget } from "../push/upload-target.ts";
import { writeChild } from "../push/write-manifest.ts";
import { blobsOf, type Manifest } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import { type BlobTally, createBlobDelivery, type Delivery } from "./deliver-blobs.ts";
import type { KnownContent } from "./known-content.ts";
import { type MissingParts, missingParts } from "./missing-content.ts";
import { trackProgress } from "./progress.ts";

/** Delivers everything below one root to a repository. */
export interface ContentDelivery {
  /**
   * Afterwards everything the root refers to is in the repository. Blobs precede the manifest that lists them; each child
   * is written as soon as its own blobs are present.
   */
  deliver(): Delivery;
  /**
   * Runs `write`, which writes a manifest. If the registry answers that content is missing, delivers that again, whatever
   * is known about it: the registry may have collected it in the meantime (cloudfoundry/korifi#2381), or not yet
   * noticed that it has it (ghcr.io's `unknown blob`, infobloxopen/konk#626).
   */
  recovering<Result>(manifest: Manifest, write: () => Promise<Result>): Promise<Result>;
  tally(): BlobTally;
  settled(): Promise<void>;
}

/** How often missing content is delivered again, and how many children are written at once. */
const limits = { recoveries: 4, children: 8 };

/** @param unaskedBytes see `PublishPolicy`. */
export function createContentDelivery(
  target: UploadTarget,
  root: Manifest,
  known: KnownContent,
  unaskedBytes = 0,
): ContentDelivery {
  const { client, signal } = target;
  const total = [...blobsOf(root).values()].reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const progress = trackProgress(root, client.tell);
  const blobs = createBlobDelivery(target, known, progress, total <= unaskedBytes ? total : 0);
  const lane = pLimit(limits.children);
  const children = new Map<Digest, Promise<void>>();

  const below = async (manifest: Manifest): Promise<void> => {
    await Promise.all([
      ...manifest.blobs.map((blob) => blobs.deliver(blob).done),
      ...manifest.children.map(deliverChild),
    ]);
  };

  const deliverChild = (child: Manifest): Promise<void> => {
    const running = children.get(child.descriptor.digest) ?? startChild(child);
    children.set(child.descriptor.digest, running);
    return running;
  };

  const startChild = async (child: Manifest): Promise<void> => {
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
        if (missing === undefined || round === limits.recoveries) throw error;
        const delayMilliseconds = 250 * 2 ** round;
        const what = `content of ${manifest.descriptor.digest}`;
        client.tell({ kind: "retry", what, because: "the registry lacks some of it", delayMilliseconds });
        await client.retry.sleep(delayMilliseconds, signal);
        const wasMissing = await deliverAgain(missing);
        // An invalid manifest stays invalid unless something was missing. For children nobody knows: they are simply
        // written again, so one more attempt has to show.
        const worthAnotherAttempt =
          missing.says !== "manifest-is-invalid" ||
          wasMissing ||
          (round === 0 && missing.children.length > 0);
        if (!worthAnotherAttempt) throw error;
      }
    }
  };

  /** @returns whether a blob was missing. */
  const deliverAgain = async (missing: MissingParts): Promise<boolean> => {
    const named = missing.says === "these-are-missing";
    const wereMissing = await Promise.all(missing.blobs.map((blob) => blobs.deliverAgain(blob, named)));
    await Promise.all(
      missing.children.map(async (child) => {
        await below(child);
        await write(child);
      }),
    );
    return wereMissing.includes(true);
  };

  return {
    deliver: () => {
      if (known.has(root.descriptor.digest)) countAsPresent(root);
      const done = known.has(root.descriptor.digest) ? Promise.resolve() : below(root);
      const begun = Promise.all([...blobsOf(root).values()].map((blob) => blobs.deliver(blob).begun));
      return { begun, done };
    },
    recovering,
    tally: blobs.tally,
    settled: async () => {
      await Promise.allSettled(children.values());
      await blobs.settled();
    },
  };
}
