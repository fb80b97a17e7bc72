import { retryHint } from "./retry-hint.ts";
import type { TransientFailure } from "./retry-policy.ts";

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

/**
 * Refusals that are a decision, unless their body says that requests are limited: GitHub's secondary rate limit is a 403, and
 * some registries answer 400 with distribution-spec's code TOOMANYREQUESTS.
 */
const decisions = new Set([400, 403]);
const limited = /rate limit|"code"\s*:\s*"(?:TOOMANYREQUESTS|UNAVAILABLE)"|\btoomanyrequests\b/i;

/** Whether the body of a response of this status decides, or may tell, when to retry. */
export function mayBeTransient(status: number): boolean {
  return transientStatuses.has(status) || decisions.has(status);
}

/** What in `error` or its causes shows that the network failed and may recover; undefined if nothing does. */
export function transientError(error: unknown): TransientFailure | undefined {
  for (let cause = error; typeof cause === "object" && cause !== null; ) {
    const { code, name, cause: next }: { code?: unknown; name?: unknown; cause?: unknown } = cause;
    if (typeof code === "string" && transientCodes.has(code)) return { because: code };
    if (name === "TimeoutError") return { because: "no answer in time" };
    cause = next;
  }
  return undefined;
}

/**
 * Why a response may be different later, and when; undefined if it is final. The only place that decides this, for reads and
 * writes alike, from status, error code and text.
 *
 * @param text the start of its body.
 * @param now milliseconds since the epoch.
 */
export function transientAnswer(response: Response, text: string, now: number): TransientFailure | undefined {
  const { status, statusText, headers } = response;
  const isLimited = status === 429 || (decisions.has(status) && limited.test(text));
  if (!isLimited && !transientStatuses.has(status)) return undefined;
  const because = `${status}${statusText === "" ? "" : ` ${statusText}`}`;
  const retryAfterMilliseconds = retryHint(headers, text, now);
  if (retryAfterMilliseconds !== undefined) return { because, retryAfterMilliseconds };
  return isLimited ? { because, rateLimited: true } : { because };
}
