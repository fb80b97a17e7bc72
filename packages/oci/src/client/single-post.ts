/**
 * Which registries take a blob in a single POST (distribution-spec end-4b). No registry announces it, so the first answer to
 * such a POST decides: 201 means yes, 202 means that it ignored the body and opened an upload session instead.
 */
export interface SinglePost {
  /** Whether to send a body of this size, in bytes, with the POST. */
  tries(registry: string, size: number): boolean;
  learned(registry: string, takes: boolean): void;
}

/** For a larger body, the extra request that opens a session hardly matters. */
const largestBody = 1 << 20;

/**
 * The budget of bytes at risk before a registry's first answer. Blobs are sent in parallel, so several POSTs leave before we
 * know whether the registry keeps their bodies; if it does not, each of these bodies is sent twice. 12 KiB is enough for the
 * configs and the small layer of an image, and keeps large pages out.
 */
const trialBytes = 12 << 10;

/** What one run has learned. */
export function createSinglePost(): SinglePost {
  const known = new Map<string, boolean>();
  const sent = new Map<string, number>();
  return {
    tries: (registry, size) => {
      if (size > largestBody) return false;
      const takes = known.get(registry);
      if (takes !== undefined) return takes;
      const atRisk = (sent.get(registry) ?? 0) + size;
      if (atRisk > trialBytes) return false;
      sent.set(registry, atRisk);
      return true;
    },
    learned: (registry, takes) => void known.set(registry, takes),
  };
}
