import type { Fetch, Retry } from "@spin-publisher/http";
import type { PublishEvent, Traffic } from "./types.ts";

/** A fetch whose requests and retries are counted and told. */
export interface CountedFetch {
  readonly fetch: Fetch;
  /** Something was tried again that is more than one request. */
  retried(what: string, retry: Pick<Retry, "because" | "delayMilliseconds">): void;
  /** Body bytes of content are being sent. */
  sending(bytes: number): void;
  soFar(): Traffic;
}

export function countTraffic(fetch: Fetch, onEvent: (event: PublishEvent) => void): CountedFetch {
  const traffic = { requests: 0, retries: 0, uploadedBytes: 0 };
  const retried: CountedFetch["retried"] = (what, { because, delayMilliseconds }) => {
    traffic.retries += 1;
    onEvent({ kind: "retry", what, because, delayMilliseconds });
  };
  return {
    fetch: (input, init = {}) => {
      const url = new URL(input);
      traffic.requests += 1;
      const onRetry = (retry: Retry) => {
        traffic.requests += 1;
        init.onRetry?.(retry);
        // Not its query: a session's state and a signature are nobody's business.
        retried(`${init.method ?? "GET"} ${url.pathname}`, retry);
      };
      return fetch(url, { ...init, onRetry });
    },
    retried,
    sending: (bytes) => {
      traffic.uploadedBytes += bytes;
    },
    soFar: () => ({ ...traffic }),
  };
}
