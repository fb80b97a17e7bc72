import { setTimeout as sleep } from "node:timers/promises";

/** How often and for how long work is retried; times in milliseconds. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly firstDelay: number;
  readonly longestDelay: number;
  /** No attempt starts later than this after the first. */
  readonly deadline: number;
  readonly now: () => number;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

export type RetryOptions = Partial<RetryPolicy>;

/** Why a retry may succeed, and when the server suggests it. */
export interface TransientFailure {
  readonly because: string;
  readonly retryAfterMilliseconds?: number;
  /** The server limits requests without saying for how long: the wait is counted in seconds, not in tenths. */
  readonly rateLimited?: boolean;
}

/** Retries that did not help. */
export interface ExhaustedRetries {
  readonly attempts: number;
  readonly waitedMilliseconds: number;
  /** Of the last attempt. */
  readonly failure: TransientFailure;
}

export interface Retry {
  readonly because: string;
  /** The number of the failed attempt, from 1. */
  readonly attempt: number;
  readonly delayMilliseconds: number;
}

export type RetryObserver = (retry: Retry) => void;

/** Six attempts within five minutes, unless the options say otherwise. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  return {
    attempts: 6,
    firstDelay: 200,
    longestDelay: 10_000,
    deadline: 300_000,
    now: () => performance.now(),
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
    random: Math.random,
    ...options,
  };
}

/**
 * Runs `attempt` until it succeeds, fails for good (`judge` returns undefined), or the policy's attempts or time are used up;
 * then the last error is thrown unchanged.
 *
 * Waits slightly longer than the server asked for, else exponentially with full jitter.
 */
export async function repeat<Result>(
  attempt: (number: number) => Promise<Result>,
  judge: (error: unknown) => TransientFailure | undefined,
  policy: RetryPolicy,
  context: {
    readonly onRetry?: RetryObserver;
    /** Called before the last error is thrown, if it is transient. */
    readonly onExhausted?: (exhausted: ExhaustedRetries) => void;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Result> {
  const started = policy.now();
  let waitedMilliseconds = 0;
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      const failure = judge(error);
      if (failure === undefined || context.signal?.aborted === true) throw error;
      const delayMilliseconds = delayAfter(number, failure, policy);
      if (number >= policy.attempts || policy.now() - started + delayMilliseconds > policy.deadline) {
        context.onExhausted?.({ attempts: number, waitedMilliseconds, failure });
        throw error;
      }
      waitedMilliseconds += delayMilliseconds;
      context.onRetry?.({ because: failure.because, attempt: number, delayMilliseconds });
      await policy.sleep(delayMilliseconds, context.signal);
    }
  }
}

function delayAfter(number: number, failure: TransientFailure, policy: RetryPolicy): number {
  const jitter = policy.random();
  if (failure.retryAfterMilliseconds !== undefined) {
    return failure.retryAfterMilliseconds + jitter * policy.firstDelay;
  }
  // GitHub's secondary limits last for seconds to minutes; a tenth of the time is random there.
  if (failure.rateLimited === true) return (0.9 + jitter / 10) * Math.min(60_000, 1000 * 2 ** number);
  return jitter * Math.min(policy.longestDelay, policy.firstDelay * 2 ** (number - 1));
}
