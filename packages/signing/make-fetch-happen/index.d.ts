import type { AsyncLocalStorage } from "node:async_hooks";
import type { Fetch } from "@spin-publisher/http";

declare const fetching: {
  /** Runs work of the Sigstore libraries with a `fetch` of ours. */
  readonly network: AsyncLocalStorage<Fetch>;
};
export = fetching;
