import { readBounded } from "./body.ts";
import type { Fetch, FetchInit } from "./fetch.ts";
import { type Exchange, place } from "./redirects.ts";
import { type RetryPolicy, repeat, type TransientFailure } from "./retry.ts";
import { retryHint } from "./retry-hint.ts";

const transientStatuses = new Set([408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

const transientCodes = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
  "ERR_HTTP2_GOAWAY_SESSION",
  "ERR_HTTP2_SESSION_ERROR",
  "ERR_HTTP2_STREAM_CANCEL",
  "ERR_HTTP2_STREAM_ERROR",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_INFO",
  "UND_ERR_SOCKET",
]);

/** Whether an answer of this status may be another one later. */
export function isTransientStatus(status: number): boolean {
  return transientStatuses.has(status);
}

/** What in `error` or its causes says that the network failed and may work again; undefined where nothing does. */
export function transientError(error: unknown): TransientFailure | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = "code" in cause ? cause.code : undefined;
    if (typeof code === "string" && transientCodes.has(code)) return { because: code };
  }
  return undefined;
}

/** An answer that may be another one later; kept, because it is what the caller gets when it does not. */
class TransientAnswer extends Error {
  readonly response: Response;
  readonly failure: TransientFailure;

  constructor(response: Response, failure: TransientFailure) {
    super(failure.because);
    this.response = response;
    this.failure = failure;
  }
}

/** Sends again what may be sent again; see `FetchInit` for what a caller can say about it. */
export function retryTransientFailures(exchange: Exchange, policy: RetryPolicy): Fetch {
  const pauses = new Map<string, number>();
  return async (input, { retry, bodyLimit, onRetry, ...init } = {}) => {
    const url = new URL(input);
    const attempt = async () => {
      // A host that asked for patience asked it of everyone, not of the one request that it refused.
      const pause = (pauses.get(url.origin) ?? 0) - policy.now();
      if (pause > 0) await policy.sleep(pause, init.signal ?? undefined);
      const { response, failure } = await judged(await exchange(url, init));
      if (failure !== undefined) {
        if (failure.retryAfterMilliseconds !== undefined && response.status === 429) {
          pauses.set(url.origin, policy.now() + Math.min(failure.retryAfterMilliseconds, policy.deadline));
        }
        throw new TransientAnswer(response, failure);
      }
      return bodyLimit === undefined ? response : buffered(response, bodyLimit, url);
    };
    const judge = (error: unknown) =>
      retry === "never" || init.body instanceof ReadableStream
        ? undefined
        : error instanceof TransientAnswer
          ? error.failure
          : transientError(error);
    try {
      return await repeat(attempt, judge, policy, {
        ...(onRetry === undefined ? {} : { onRetry }),
        ...(init.signal ? { signal: init.signal } : {}),
      });
    } catch (error) {
      if (error instanceof TransientAnswer) return error.response;
      throw explained(error, url, init);
    }
  };
}

async function judged(response: Response): Promise<{ response: Response; failure?: TransientFailure }> {
  const limited = response.status === 429 || response.status === 403;
  if (!limited && !isTransientStatus(response.status)) return { response };
  const bytes = await readBounded(response, 64 << 10, "truncate");
  const text = new TextDecoder().decode(bytes);
  const { status, statusText, headers } = response;
  const copy = new Response(bytes.length === 0 ? null : bytes, { status, statusText, headers });
  // GitHub answers a secondary rate limit with 403; any other 403 is a decision.
  if (status === 403 && !/rate limit|toomanyrequests/i.test(text)) return { response: copy };
  const after = retryHint(headers, text, Date.now());
  const because = `${status}${statusText === "" ? "" : ` ${statusText}`}`;
  return {
    response: copy,
    failure: after === undefined ? { because } : { because, retryAfterMilliseconds: after },
  };
}

async function buffered(response: Response, limit: number, url: URL): Promise<Response> {
  if (response.body === null) return response;
  const bytes = await readBounded(response, limit, `the answer of ${place(url)}`);
  const { status, statusText, headers } = response;
  return new Response(bytes, { status, statusText, headers });
}

function explained(error: unknown, url: URL, init: FetchInit): unknown {
  if (!(error instanceof TypeError)) return error;
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  return new Error(`${init.method ?? "GET"} ${place(url)} got no answer: ${reason}.`, { cause: error });
}
