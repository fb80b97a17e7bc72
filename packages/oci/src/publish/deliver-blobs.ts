import { hasBlob, mountBlob } from "../push/blob-presence.ts";
import { createLane } from "../push/concurrency.ts";
import { uploadBlob } from "../push/upload.ts";
import type { UploadTarget } from "../push/upload-target.ts";
import type { Blob } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import type { Repository } from "../spec/reference.ts";
import type { KnownContent } from "./known-content.ts";

/** How many blobs came to be in the repository in which way. */
export interface BlobTally {
  readonly uploaded: number;
  readonly mounted: number;
  readonly present: number;
}

/** Brings blobs into a repository, each once, and no more at a time than registries and memory bear. */
export interface BlobDelivery {
  /** The blob is in the repository afterwards: it was there, or is mounted or uploaded. */
  bring(blob: Blob): Promise<void>;
  /**
   * Uploads it whatever is known about it; asks first where it is not certain that it is missing.
   *
   * @returns whether it was missing.
   */
  bringAgain(blob: Blob, certainlyMissing: boolean): Promise<boolean>;
  /** A blob below a manifest that is known as a whole. */
  countAsPresent(blob: Blob): void;
  tally(): BlobTally;
  /** Resolves when nothing is under way any more, whatever came of it. */
  settled(): Promise<void>;
}

/**
 * Up to this size, by what is known of the previous version, a body that may be new is sent rather than asked about.
 * What a previous version that is known as a whole does not hold is new, but for a run that was stopped: a mebibyte takes
 * hardly longer than the question. Below an index it may well be old, and sending it in vain must cost nothing.
 */
const sentUnasked = { none: 0, top: 4 << 10, all: 1 << 20 };

/** Bodies of more than this share few places. */
const smallBody = 64 << 10;

/** What registries bear without answering 429; each large body holds memory or a connection of its own. */
const places = { small: 8, large: 4 };

/** @param onBegun called for each blob when no more than its own transfer is to be waited for. */
export function createBlobDelivery(
  target: UploadTarget,
  known: KnownContent,
  onBegun: (digest: Digest) => void,
): BlobDelivery {
  const { client, repository, signal } = target;
  const tally = { uploaded: 0, mounted: 0, present: 0 };
  const lanes = { small: createLane(places.small), large: createLane(places.large) };
  const brought = new Map<Digest, Promise<void>>();
  const underWay = new Set<Promise<unknown>>();

  const inLane = <Result>(blob: Blob, task: () => Promise<Result>): Promise<Result> => {
    const lane = lanes[blob.descriptor.size <= smallBody ? "small" : "large"];
    const running = lane(() => {
      signal.throwIfAborted();
      onBegun(blob.descriptor.digest);
      return task();
    });
    underWay.add(running);
    return running.finally(() => underWay.delete(running));
  };

  const present = ({ descriptor }: Blob) => {
    tally.present += 1;
    onBegun(descriptor.digest);
    client.tell({ kind: "blob-present", descriptor });
  };

  const upload = async (blob: Blob, session?: URL) => {
    await uploadBlob(target, blob, session);
    tally.uploaded += 1;
    client.tell({ kind: "blob-uploaded", descriptor: blob.descriptor, bytes: blob.descriptor.size });
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
  };

  const canMount = ({ registry, name }: Repository): boolean =>
    registry === repository.registry && name !== repository.name;

  const bring = async (blob: Blob) => {
    const { descriptor, source } = blob;
    if (known.has(descriptor.digest)) return present(blob);
    const atHand = source.kind === "bytes" || source.kind === "file";
    if (atHand && descriptor.size <= sentUnasked[known.extent]) return inLane(blob, () => upload(blob));
    if (await known.hasBelow(descriptor.digest)) return present(blob);
    return inLane(blob, () => mountOrUpload(blob));
  };

  const once = (blob: Blob, task: () => Promise<void>): Promise<void> => {
    const running = brought.get(blob.descriptor.digest) ?? task();
    brought.set(blob.descriptor.digest, running);
    return running;
  };

  return {
    bring: (blob) => once(blob, () => bring(blob)),
    bringAgain: (blob, certainlyMissing) =>
      inLane(blob, async () => {
        const missing = certainlyMissing || !(await hasBlob(target, blob.descriptor));
        if (missing) await upload(blob);
        return missing;
      }),
    countAsPresent: (blob) => void once(blob, async () => present(blob)),
    tally: () => ({ ...tally }),
    settled: async () => void (await Promise.allSettled(underWay)),
  };
}
