import { repeat } from "@spin-publisher/http";
import type { Digest } from "../spec/digest.ts";
import type { RegistryClient } from "./types.ts";

/** The content received does not match the digest it was requested by. */
export class DamagedContent extends Error {
  constructor(what: string, digest: Digest) {
    super(
      `The content received for ${what} does not match ${digest} and was discarded. The registry, or a proxy in front of it, damages what it sends.`,
    );
  }
}

/** Reads damaged content again, twice: the connection may be at fault rather than the registry. */
export function rereadDamaged<Result>(
  { retry, tell }: Pick<RegistryClient, "retry" | "tell">,
  what: string,
  read: () => Promise<Result>,
): Promise<Result> {
  return repeat(
    read,
    (error) => (error instanceof DamagedContent ? { because: "it was damaged" } : undefined),
    { ...retry, attempts: Math.min(3, retry.attempts) },
    {
      onRetry: ({ because, delayMilliseconds }) => tell({ kind: "retry", what, because, delayMilliseconds }),
    },
  );
}
