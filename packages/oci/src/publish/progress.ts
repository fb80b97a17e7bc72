import type { PublishEvent } from "../client/types.ts";
import { blobsOf, type Manifest } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";

/** How far the delivery of an artifact's blobs has come. */
export interface Progress {
  /** So many bytes of a blob have been sent since its upload was last started. */
  sent(digest: Digest, bytes: number): void;
  /** The blob is in the repository. */
  finished(digest: Digest): void;
}

/** Reports every step with the totals, which are known from the start: all blobs below `root`, and their bytes. */
export function trackProgress(root: Manifest, tell: (event: PublishEvent) => void): Progress {
  const open = new Map([...blobsOf(root)].map(([digest, { descriptor }]) => [digest, descriptor.size]));
  const total = { blobs: open.size, bytes: [...open.values()].reduce((sum, size) => sum + size, 0) };
  const done = { blobs: 0, bytes: 0 };
  const partly = new Map<Digest, number>();
  const report = () => {
    const inTransit = [...partly.values()].reduce((sum, bytes) => sum + bytes, 0);
    tell({ kind: "progress", done: { blobs: done.blobs, bytes: done.bytes + inTransit }, total });
  };
  return {
    sent: (digest, bytes) => {
      const size = open.get(digest);
      if (size === undefined) return; // sent again after it was finished
      partly.set(digest, Math.min(bytes, size));
      report();
    },
    finished: (digest) => {
      const size = open.get(digest);
      if (size === undefined) return;
      open.delete(digest);
      partly.delete(digest);
      done.blobs += 1;
      done.bytes += size;
      report();
    },
  };
}
