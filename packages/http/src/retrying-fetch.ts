import { readBounded } from "./body.ts";
import type { Exchange, ExchangeInit } from "./network.ts";
import { rebuilt } from "./rebuild-response.ts";
import { place } from "./redirects.ts";
import { noted } from "./response-notes.ts";
import {
  type ExhaustedRetries,
  type RetryObserver,
  type RetryPolicy,
  repeat,
  type TransientFailure,
} from "./retry-policy.ts";
import { mayBeTransient, transientAnswer, transientError } from "./transient-failure.ts";

/** What a caller can say about one request beyond the platform's `RequestInit`. */
export interface FetchInit extends ExchangeInit {
  /**
   * `never` returns the first response or error, because the caller retries more than this request (an upload session, a
   * tag that must be read first).
   */
  readonly retry?: "never";
  /**
   * Reads the body as part of the attempt, so that a connection lost in the middle of it is retried as well, and refuses a
   * body of more bytes. For documents, not for downloads.
   */
  readonly bodyLimit?: number;
  readonly onRetry?: RetryObserver;
}

/** The platform's `fetch`; all code that uses the network takes one of these as a parameter. */
export type Fetch = (input: string | URL, init?: FetchInit) => Promise<Response>;

/** A response that may be different later; the caller gets it if it does not change. */
class TransientAnswer extends Error {
  readonly response: Response;
  readonly failure: TransientFailure;

  constructor(response: Response, failure: TransientFailure) {
    super(failure.because);
    this.response = response;
    this.failure = failure;
  }
}

/** How many bytes of a response are searched for a reason and a hint; ghcr.io puts them into the body. */
const reasonLimit = 64 << 10;

/**
 * Retries requests that failed transiently and can be sent again. When attempts or time are used up, returns the last
 * response, whatever it is, or throws the last error.
 */
export function retryTransientFailures(exchange: Exchange, policy: RetryPolicy): Fetch {
  const pauses = new Map<string, number>();

  /** A host that asks us to wait means all requests, not only the one that it refused. */
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
    if ([403, 429].includes(response.status) && failure.retryAfterMilliseconds !== undefined) {
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
    let exhausted: ExhaustedRetries | undefined;
    try {
      return await repeat(() => attempt(url, init, bodyLimit), judge, policy, {
        ...(onRetry === undefined ? {} : { onRetry }),
        ...(init.signal ? { signal: init.signal } : {}),
        onExhausted: (retries) => {
          exhausted = retries;
        },
      });
    } catch (error) {
      if (error instanceof TransientAnswer) {
        return exhausted === undefined ? error.response : noted(error.response, { exhausted });
      }
      throw explained(error, url, init);
    }
  };
}

/** The platform refuses such a URL too, but quotes the password. */
function requireNoCredentials(url: URL): void {
  if (url.username === "" && url.password === "") return;
  throw new Error(
    `The URL of ${place(url)} contains credentials, which are not supported in URLs. Remove them.`,
  );
}

/** Limits the time for a whole document: a server may send it byte by byte to keep us waiting. */
function bounded(init: ExchangeInit, milliseconds: number): ExchangeInit {
  const deadline = AbortSignal.timeout(milliseconds);
  return { ...init, signal: init.signal ? AbortSignal.any([init.signal, deadline]) : deadline };
}

async function judged(
  answer: Response,
): Promise<{ readonly response: Response; readonly failure: TransientFailure | undefined }> {
  if (!mayBeTransient(answer.status)) return { response: answer, failure: undefined };
  const bytes = await readBounded(answer, reasonLimit, "truncate");
  const response = await rebuilt(answer, { body: bytes.length === 0 ? null : bytes });
  const failure = transientAnswer(response, new TextDecoder().decode(bytes), Date.now());
  return { response: failure === undefined ? response : noted(response, { transient: failure }), failure };
}

async function buffered(response: Response, limit: number, url: URL): Promise<Response> {
  if (response.body === null) return response;
  // The limit is for the requested document; an error response is truncated instead.
  if (!response.ok) return rebuilt(response, { body: await readBounded(response, reasonLimit, "truncate") });
  return rebuilt(response, { body: await readBounded(response, limit, `the response of ${place(url)}`) });
}

/** The platform only says "fetch failed"; the reason is in the cause. */
function explained(error: unknown, url: URL, { method = "GET", signal, body }: FetchInit): unknown {
  if (signal?.aborted === true || typeof error !== "object" || error === null) return error;
  const { name, message, cause }: { name?: unknown; message?: unknown; cause?: unknown } = error;
  const timedOut = name === "TimeoutError";
  if (!timedOut && message !== "fetch failed" && message !== "terminated") return error;
  // The source of the body may have failed; its error says so.
  if (body instanceof ReadableStream && cause instanceof Error && !("code" in cause)) return cause;
  const reason = timedOut ? "it took too long" : (reasonIn(cause) ?? message);
  return new Error(
    `${method} ${place(url)} got no answer: ${reason}. Check that it can be reached from this machine.`,
    { cause: error },
  );
}

/** If several addresses were tried, the message is in the error of each attempt. */
function reasonIn(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null) return undefined;
  const { message, errors }: { message?: unknown; errors?: unknown } = cause;
  if (typeof message === "string" && message !== "") return message.replace(/\.$/, "");
  return Array.isArray(errors) ? reasonIn(errors[0]) : undefined;
}
