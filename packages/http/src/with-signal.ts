import type { Fetch } from "./retrying-fetch.ts";

/** `fetch` whose requests, retries included, also end when the signal for them is aborted. */
export function withSignal(fetch: Fetch, signalFor: () => AbortSignal): Fetch {
  return (input, init) => {
    const signal = signalFor();
    return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, signal]) : signal });
  };
}
