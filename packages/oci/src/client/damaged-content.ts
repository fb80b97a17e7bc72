import { repeat } from "@spin-publisher/http";
import type { Digest } from "../spec/digest.ts";
import type { RegistryClient } from "./types.ts";

/** What was received is not the content of the digest it was asked by. */
export class DamagedContent extends Error {
  constructor(what: string, digest: Digest) {
    super(
      `What was received for ${what} is not the content of ${digest}, so nothing of it is used; the registry or a proxy before it is damaged.`,
    );
  }
}

/** Reads again, twice, what came damaged: the way may have been at fault, and not the registry. */
export function rereadDamaged<Result>(
  { retry, tell }: Pick<RegistryClient, "retry" | "tell">,
  what: string,
  read: () => Promise<Result>,
): Promise<Result> {
  return repeat(
    read,
    (error) => (error instanceof DamagedContent ? { because: "it came damaged" } : undefined),
    { ...retry, attempts: Math.min(3, retry.attempts) },
    {
      onRetry: ({ because, delayMilliseconds }) => tell({ kind: "retry", what, because, delayMilliseconds }),
    },
  );
}
