export { notJson, patienceFor, readBounded, readJson } from "./body.ts";
export {
  type Downloaded,
  type DownloadOptions,
  DownloadRefused,
  downloadBytes,
  downloadFile,
} from "./download.ts";
export { createFetch, type FetchOptions } from "./fetch.ts";
export { isLoopback } from "./loopback.ts";
export { type Mirror, mirrored, parseMirrors } from "./mirrors.ts";
export {
  createNetwork,
  type Environment,
  type Exchange,
  type NetworkOptions,
  type Timeouts,
} from "./network.ts";
export { notesOf } from "./response-notes.ts";
export {
  type ExhaustedRetries,
  type Retry,
  type RetryObserver,
  type RetryOptions,
  type RetryPolicy,
  repeat,
  retryPolicy,
  type TransientFailure,
} from "./retry-policy.ts";
export type { Fetch, FetchInit } from "./retrying-fetch.ts";
export { transientAnswer, transientError } from "./transient-failure.ts";
export { withSignal } from "./with-signal.ts";
