import type { Fetch, Retry } from "@spin-publisher/http";
import type { PublishEvent, Traffic } from "./types.ts";

/** A fetch that counts requests and reports retries. */
export interface CountedFetch {
  readonly fetch: Fetch;
  /** Work of more than one request was retried. */
  retried(what: string, retry: Pick<Retry, "because" | "delayMilliseconds">): void;
  soFar(): Traffic;
}

/** Counts what is sent through `fetch`, and passes retries on as events. */
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
      const sending = () => {
        if (init.body instanceof Uint8Array) traffic.uploadedBytes += init.body.length;
      };
      sending();
      const onRetry = (retry: Retry) => {
        traffic.requests += 1;
        sending();
        init.onRetry?.(retry);
        // Without the query, which may contain a session's state or a signature.
        retried(`${init.method ?? "GET"} ${url.pathname}`, retry);
      };
      const { openBody } = init;
      if (openBody === undefined) return fetch(url, { ...init, onRetry });
      const counted = async function* () {
        for await (const chunk of openBody()) {
          traffic.uploadedBytes += chunk.length;
          yield chunk;
        }
      };
      return fetch(url, { ...init, openBody: counted, onRetry });
    },
    retried,
    soFar: () => ({ ...traffic }),
  };
}
