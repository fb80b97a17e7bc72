import { type Mirror, mirrored, parseMirrors } from "./mirrors.ts";
import { createNetwork, type Exchange, type ExchangeInit } from "./network.ts";
import { followRedirects } from "./redirects.ts";
import { type RetryObserver, type RetryOptions, retryPolicy } from "./retry-policy.ts";
import { retryTransientFailures } from "./retrying-fetch.ts";

/** What a caller may say about one request beyond the platform's `RequestInit`. */
export interface FetchInit extends ExchangeInit {
  /**
   * `never`: the first answer or error comes back as it is, because more than this request has to be done again
   * (an upload session, a tag whose state has to be looked at first).
   */
  readonly retry?: "never";
  /**
   * Reads the body within the attempt, so that a connection cut in the middle of it is retried as well, and
   * refuses one of more than this many bytes. For documents, not for downloads.
   */
  readonly bodyLimit?: number;
  readonly onRetry?: RetryObserver;
}

/** The platform's `fetch`; every edge that talks to the network takes one of these as a parameter. */
export type Fetch = (input: string | URL, init?: FetchInit) => Promise<Response>;

export interface FetchOptions {
  readonly mirrors?: readonly Mirror[];
  readonly retry?: RetryOptions;
  readonly exchange?: Exchange;
}

/**
 * A `fetch` for the outside world as the job's environment describes it (mirrors, proxies, certificates). It
 * follows at most five redirects, never takes credentials to another origin, and retries what may pass: every
 * request whose body can be sent again, at most six times within five minutes.
 */
export function createFetch(options: FetchOptions = {}): Fetch {
  const mirrors = options.mirrors ?? parseMirrors(process.env.ORIGIN_MIRRORS ?? "");
  const exchange = options.exchange ?? createNetwork();
  const redirected = followRedirects((url) => mirrored(url, mirrors), exchange);
  return retryTransientFailures(redirected, retryPolicy(options.retry));
}
