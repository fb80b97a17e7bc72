import type { Digest } from "../spec/digest.ts";
import { retryWork } from "./retry-work.ts";
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
  client: Pick<RegistryClient, "retry" | "tell">,
  what: string,
  read: () => Promise<Result>,
): Promise<Result> {
  return retryWork(client, what, read, {
    judge: (error) => (error instanceof DamagedContent ? { because: "it was damaged" } : undefined),
    attempts: Math.min(3, client.retry.attempts),
  });
}
