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

/** Whether a response of this status may be different later. */
export function isTransientStatus(status: number): boolean {
  return transientStatuses.has(status);
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
 * Why a response may be different later, and when; undefined if it is final.
 *
 * @param text the start of its body.
 * @param now milliseconds since the epoch.
 */
export function transientAnswer(response: Response, text: string, now: number): TransientFailure | undefined {
  const { status, statusText, headers } = response;
  // GitHub answers a secondary rate limit with 403; any other 403 is a decision.
  const limited = status === 403 && /rate limit|toomanyrequests/i.test(text);
  if (!limited && !isTransientStatus(status)) return undefined;
  const because = `${status}${statusText === "" ? "" : ` ${statusText}`}`;
  const retryAfterMilliseconds = retryHint(headers, text, now);
  return retryAfterMilliseconds === undefined ? { because } : { because, retryAfterMilliseconds };
}
