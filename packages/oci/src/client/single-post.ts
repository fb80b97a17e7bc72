/** Which registries take a blob in one POST (distribution-spec end-4b). None says so; their answers do. */
export interface SinglePost {
  /** Whether a body of this size is to be sent with the POST. */
  tries(registry: string, size: number): boolean;
  learned(registry: string, takes: boolean): void;
}

/** A longer body is worth an opened session. */
const longestBody = 1 << 20;

/**
 * So many bytes may go to a registry in vain before its first answer, all requests that are under way together: the
 * configs and the small layer of an image, and not a page that is then sent twice.
 */
const trialBytes = 12 << 10;

/** Knowledge for the length of one run. */
export function createSinglePost(): SinglePost {
  const known = new Map<string, boolean>();
  const sent = new Map<string, number>();
  return {
    tries: (registry, size) => {
      if (size > longestBody) return false;
      const takes = known.get(registry);
      if (takes !== undefined) return takes;
      const total = (sent.get(registry) ?? 0) + size;
      if (total > trialBytes) return false;
      sent.set(registry, total);
      return true;
    },
    learned: (registry, takes) => void known.set(registry, takes),
  };
}
