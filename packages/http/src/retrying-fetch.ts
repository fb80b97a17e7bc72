import { readBounded } from "./body.ts";
import type { Fetch, FetchInit } from "./fetch.ts";
import type { Exchange, ExchangeInit } from "./network.ts";
import { rebuilt } from "./rebuild-response.ts";
import { place } from "./redirects.ts";
import { type RetryPolicy, repeat, type TransientFailure } from "./retry-policy.ts";
import { isTransientStatus, transientAnswer, transientError } from "./transient-failure.ts";

/** An answer that may be another one later; kept, because the caller gets it when it does not become one. */
class TransientAnswer extends Error {
  readonly response: Response;
  readonly failure: TransientFailure;

  constructor(response: Response, failure: TransientFailure) {
    super(failure.because);
    this.response = response;
    this.failure = failure;
  }
}

/** So much of an answer is looked at for a reason and a hint; ghcr.io's stand in its body. */
const reasonLimit = 64 << 10;

/**
 * Sends again what failed for the moment and can be sent again; see `FetchInit` for what a caller can say about it. When
 * attempts or time are used up the caller gets the last answer, whatever it is, or the last error.
 */
export function retryTransientFailures(exchange: Exchange, policy: RetryPolicy): Fetch {
  const pauses = new Map<string, number>();

  /** A host that asked for patience asked it of everyone, not of the one request that it refused. */
  const pauseFor = async ({ origin }: URL, signal: AbortSignal | null | undefined): Promise<void> => {
    const left = (pauses.get(origin) ?? 0) - policy.now();
    if (left > 0) await policy.sleep(left, signal ?? undefined);
  };

  const attempt = async (url: URL, init: ExchangeInit, bodyLimit: number | undefined): Promise<Response> => {
    await pauseFor(url, init.signal);
    const answer = await exchange(url, bodyLimit === undefined ? init : bounded(init, policy.deadline));
    const { response, failure } = await judged(answer);
    if (failure === undefined) {
      return bodyLimit === undefined ? response : buffered(response, bodyLimit, url);
    }
    if (response.status === 429 && failure.retryAfterMilliseconds !== undefined) {
      pauses.set(url.origin, policy.now() + Math.min(failure.retryAfterMilliseconds, policy.deadline));
    }
    throw new TransientAnswer(response, failure);
  };

  return async (input, { retry, bodyLimit, onRetry, ...init } = {}) => {
    const url = new URL(input);
    requireNoCredentials(url);
    const once = retry === "never" || init.body instanceof ReadableStream;
    const judge = (error: unknown) =>
      once ? undefined : error instanceof TransientAnswer ? error.failure : transientError(error);
    try {
      return await repeat(() => attempt(url, init, bodyLimit), judge, policy, {
        ...(onRetry === undefined ? {} : { onRetry }),
        ...(init.signal ? { signal: init.signal } : {}),
      });
    } catch (error) {
      if (error instanceof TransientAnswer) return error.response;
      throw explained(error, url, init);
    }
  };
}

/** The platform refuses such a URL too, and quotes the password. */
function requireNoCredentials(url: URL): void {
  if (url.username === "" && url.password === "") return;
  throw new Error(
    `The URL of ${place(url)} holds a user name or password, and credentials in URLs are not supported; remove them from it.`,
  );
}

/** A document that does not arrive within the deadline trickles in on purpose. */
function bounded(init: ExchangeInit, milliseconds: number): ExchangeInit {
  const deadline = AbortSignal.timeout(milliseconds);
  return { ...init, signal: init.signal ? AbortSignal.any([init.signal, deadline]) : deadline };
}

async function judged(
  answer: Response,
): Promise<{ readonly response: Response; readonly failure: TransientFailure | undefined }> {
  if (answer.status !== 403 && !isTransientStatus(answer.status)) {
    return { response: answer, failure: undefined };
  }
  const bytes = await readBounded(answer, reasonLimit, "truncate");
  const response = await rebuilt(answer, { body: bytes.length === 0 ? null : bytes });
  return { response, failure: transientAnswer(response, new TextDecoder().decode(bytes), Date.now()) };
}

async function buffered(response: Response, limit: number, url: URL): Promise<Response> {
  if (response.body === null) return response;
  // The limit is for what was asked for; an answer that is something else says why, and is cut where that is too long.
  if (!response.ok) return rebuilt(response, { body: await readBounded(response, reasonLimit, "truncate") });
  return rebuilt(response, { body: await readBounded(response, limit, `the answer of ${place(url)}`) });
}

/** The platform says "fetch failed" and leaves the rest to the cause. */
function explained(error: unknown, url: URL, { method = "GET", signal, body }: FetchInit): unknown {
  if (signal?.aborted === true || typeof error !== "object" || error === null) return error;
  const { name, message, cause }: { name?: unknown; message?: unknown; cause?: unknown } = error;
  const timedOut = name === "TimeoutError";
  if (!timedOut && message !== "fetch failed" && message !== "terminated") return error;
  // What failed may be the source of what was being sent, which says so itself.
  if (body instanceof ReadableStream && cause instanceof Error && !("code" in cause)) return cause;
  const reason = timedOut ? "it took too long" : (messageOf(cause) ?? message);
  return new Error(
    `${method} ${place(url)} got no answer: ${reason}; check that it can be reached from here.`,
    { cause: error },
  );
}

/** Several addresses were tried in vain: the message stands in each attempt's error. */
function messageOf(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null) return undefined;
  const { message, errors }: { message?: unknown; errors?: unknown } = cause;
  if (typeof message === "string" && message !== "") return message.replace(/\.$/, "");
  return Array.isArray(errors) ? messageOf(errors[0]) : undefined;
}
