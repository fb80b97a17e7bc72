import pLimit from "p-limit";
import { hasBlob, mountBlob } from "../push/blob-presence.ts";
import { uploadBlob } from "../push/upload.ts";
import type { UploadTarget } from "../push/upload-target.ts";
import type { Blob } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import type { Repository } from "../spec/reference.ts";
import type { KnownContent } from "./known-content.ts";
import type { Progress } from "./progress.ts";

/** How many blobs were delivered in which way. */
export interface BlobTally {
  readonly uploaded: number;
  readonly mounted: number;
  readonly present: number;
}

/** A delivery in progress. */
export interface Delivery {
  /** Resolves when only transfers that have already started remain to be waited for. */
  readonly begun: Promise<unknown>;
  /** Resolves when everything is in the repository. */
  readonly done: Promise<unknown>;
}

/** Delivers blobs to a repository, each once, and only so many at a time as registries and memory can take. */
export interface BlobDelivery {
  /** Afterwards the blob is in the repository, because it was already present, is mounted, or is uploaded. */
  deliver(blob: Blob): Delivery;
  /**
   * Uploads a blob even if it is believed to be present; unless it is `certainlyMissing`, the registry is asked first.
   *
   * @returns whether it was missing.
   */
  deliverAgain(blob: Blob, certainlyMissing: boolean): Promise<boolean>;
  /** Counts a blob of a manifest that is known to be complete. */
  countAsPresent(blob: Blob): void;
  tally(): BlobTally;
  /** Resolves when no transfer is in progress any more, successful or not. */
  settled(): Promise<void>;
}

/**
 * The largest blob, in bytes, that is sent without first asking whether the registry has it:
 *
 * | previous version (see `KnownContent`) | sent unasked | because a blob that it does not list |
 * |---|---|---|
 * | `none` | all, if they are at most `PublishPolicy.unaskedBytes` together | is new, unless an interrupted run uploaded it, and takes no longer to send than the question |
 * | `none`, larger | never | may come from an interrupted run, and nothing limits how large it is |
 * | `index` | up to 16 KiB | may well be present, but configs of images are of this size, and new in each version |
 * | `manifest` | up to 1 MiB | is almost certainly new, and 1 MiB takes hardly longer to send than the question |
 */
const largestUnasked = { index: 16 << 10, manifest: 1 << 20 };

/** Larger blobs share few places. */
const smallBlob = 64 << 10;

/** How many transfers registries take at once without answering 429. Each large one holds memory or a connection. */
const places = { small: 8, large: 4 };

/** @param unaskedIfNew the largest blob that is sent unasked where there is no previous version, in bytes. */
export function createBlobDelivery(
  target: UploadTarget,
  known: KnownContent,
  progress: Progress,
  unaskedIfNew: number,
): BlobDelivery {
  const { client, repository, signal } = target;
  const tally = { uploaded: 0, mounted: 0, present: 0 };
  const lanes = { small: pLimit(places.small), large: pLimit(places.large) };
  const unasked = known.previous === "none" ? unaskedIfNew : largestUnasked[known.previous];
  const deliveries = new Map<Digest, Delivery>();
  const transfers = new Set<Promise<unknown>>();

  const inLane = <Result>(blob: Blob, task: () => Promise<Result>): Promise<Result> => {
    const lane = lanes[blob.descriptor.size <= smallBlob ? "small" : "large"];
    const running = lane(() => {
      signal.throwIfAborted();
      return task();
    });
    transfers.add(running);
    return running.finally(() => transfers.delete(running));
  };

  const present = ({ descriptor }: Blob) => {
    tally.present += 1;
    client.tell({ kind: "blob-present", descriptor });
    progress.finished(descriptor.digest);
  };

  const upload = async (blob: Blob, session?: URL) => {
    const { descriptor } = blob;
    await uploadBlob(target, blob, session, (bytes) => progress.sent(descriptor.digest, bytes));
    tally.uploaded += 1;
    client.tell({ kind: "blob-uploaded", descriptor, bytes: descriptor.size });
    progress.finished(descriptor.digest);
  };

  const askThenUpload = async (blob: Blob, session?: URL) => {
    if (await hasBlob(target, blob.descriptor)) present(blob);
    else await upload(blob, session);
  };

  const mountOrUpload = async (blob: Blob) => {
    const { descriptor, source } = blob;
    if (source.kind !== "repository" || !canMount(source.repository)) return askThenUpload(blob);
    const mounted = await mountBlob(target, descriptor, source.repository);
    if (mounted !== "mounted") return askThenUpload(blob, mounted);
    tally.mounted += 1;
    client.tell({ kind: "blob-mounted", descriptor, from: source.repository });
    progress.finished(descriptor.digest);
  };

  const canMount = ({ registry, name }: Repository): boolean =>
    registry === repository.registry && name !== repository.name;

  /** What to do about a blob: nothing if it is present, else a transfer. */
  const transferOf = async (blob: Blob): Promise<(() => Promise<void>) | undefined> => {
    const { descriptor, source } = blob;
    if (known.has(descriptor.digest)) return undefined;
    const atHand = source.kind === "bytes" || source.kind === "file";
    if (atHand && descriptor.size <= unasked) return () => upload(blob);
    return (await known.hasBelow(descriptor.digest)) ? undefined : () => mountOrUpload(blob);
  };

  const start = (blob: Blob): Delivery => {
    const begun = Promise.withResolvers<void>();
    const done = transferOf(blob).then((transfer) => {
      if (transfer === undefined) {
        begun.resolve();
        return present(blob);
      }
      return inLane(blob, () => {
        begun.resolve();
        return transfer();
      });
    });
    return { begun: begun.promise, done };
  };

  const deliver = (blob: Blob): Delivery => {
    const delivery = deliveries.get(blob.descriptor.digest) ?? start(blob);
    deliveries.set(blob.descriptor.digest, delivery);
    return delivery;
  };

  return {
    deliver,
    deliverAgain: (blob, certainlyMissing) =>
      inLane(blob, async () => {
        const missing = certainlyMissing || !(await hasBlob(target, blob.descriptor));
        if (missing) await upload(blob);
        return missing;
      }),
    countAsPresent: (blob) => {
      if (deliveries.has(blob.descriptor.digest)) return;
      present(blob);
      deliveries.set(blob.descriptor.digest, { begun: Promise.resolve(), done: Promise.resolve() });
    },
    tally: () => ({ ...tally }),
    settled: async () => void (await Promise.allSettled(transfers)),
  };
}
