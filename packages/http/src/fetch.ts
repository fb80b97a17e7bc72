import { type Mirror, mirrored, parseMirrors } from "./mirrors.ts";
import { createNetwork, type Environment, type Exchange } from "./network.ts";
import { followRedirects } from "./redirects.ts";
import { type RetryOptions, retryPolicy } from "./retry-policy.ts";
import { type Fetch, retryTransientFailures } from "./retrying-fetch.ts";

export interface FetchOptions {
  /** `ORIGIN_MIRRORS`, and what `createNetwork` reads. If omitted, no mirrors and no proxies are used. */
  readonly environment?: Environment;
  readonly retry?: RetryOptions;
  /** In place of `ORIGIN_MIRRORS`. */
  readonly mirrors?: readonly Mirror[];
  readonly exchange?: Exchange;
}

/**
 * A `fetch` for the outside world as the job's environment describes it (mirrors, proxies, certificates). It follows at
 * most five redirects, never sends credentials to another origin, and retries transient failures: every request whose body
 * can be sent again, at most six times within five minutes.
 */
export function createFetch(options: FetchOptions = {}): Fetch {
  const { environment = {} } = options;
  const mirrors = options.mirrors ?? parseMirrors(environment.ORIGIN_MIRRORS ?? "");
  const exchange = options.exchange ?? createNetwork({ environment });
  const redirected = followRedirects((url) => mirrored(url, mirrors), exchange);
  return retryTransientFailures(redirected, retryPolicy(options.retry));
}
