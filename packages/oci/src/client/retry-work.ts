import { type ExhaustedRetries, repeat, type TransientFailure } from "@spin-publisher/http";
import { RegistryRefusal, transientFailure } from "../refusals/registry-refusal.ts";
import type { RegistryClient } from "./types.ts";

/**
 * Retries work of more than one request as a whole, and reports each retry.
 *
 * @param what names the work in the log.
 * @param options.judge why an error may be worth another attempt; by default, if it is transient.
 * @throws the last error; a refusal then also says how long was waited.
 */
export async function retryWork<Result>(
  { retry, tell }: Pick<RegistryClient, "retry" | "tell">,
  what: string,
  attempt: (number: number) => Promise<Result>,
  options: {
    readonly judge?: (error: unknown) => TransientFailure | undefined;
    readonly attempts?: number;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Result> {
  const { judge = transientFailure, attempts = retry.attempts, signal } = options;
  let exhausted: ExhaustedRetries | undefined;
  try {
    return await repeat(
      attempt,
      judge,
      { ...retry, attempts },
      {
        ...(signal === undefined ? {} : { signal }),
        onRetry: ({ because, delayMilliseconds }) =>
          tell({ kind: "retry", what, because, delayMilliseconds }),
        onExhausted: (retries) => {
          exhausted = retries;
        },
      },
    );
  } catch (error) {
    throw exhausted !== undefined && error instanceof RegistryRefusal ? error.after(exhausted) : error;
  }
}
