/**
 * How long the server asks us to wait, in milliseconds: `Retry-After` as seconds or a date (RFC 9110 §10.2.3), GitHub's
 * `x-ratelimit-reset`, or the Go duration in ghcr.io's message (chainguard-images/images#173).
 *
 * @param now milliseconds since the epoch.
 */
export function retryHint(headers: Headers, message: string, now: number): number | undefined {
  const after = headers.get("retry-after");
  if (after !== null) {
    if (/^\d+(\.\d+)?$/.test(after)) return Number(after) * 1000;
    const date = Date.parse(after);
    if (!Number.isNaN(date)) return Math.max(0, date - now);
  }
  const reset = headers.get("x-ratelimit-reset");
  if (reset !== null && headers.get("x-ratelimit-remaining") === "0" && /^\d+$/.test(reset)) {
    return Math.max(0, Number(reset) * 1000 - now);
  }
  const duration = /retry-after:\s*([0-9a-zµμ.]+)/i.exec(message)?.[1];
  return duration === undefined ? undefined : goDuration(duration);
}

const milliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The milliseconds of a Go duration such as `1m2.5s`; undefined if it is not one. */
export function goDuration(text: string): number | undefined {
  const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
  let total = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    total += Number(match[1]) * (milliseconds[match[2] ?? ""] ?? 0);
  }
  return text === "" ? undefined : total;
}
