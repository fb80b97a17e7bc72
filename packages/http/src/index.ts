export { notJson, patienceFor, readBounded, readJson } from "./body.ts";
export {
  type Downloaded,
  type DownloadOptions,
  DownloadRefused,
  downloadBytes,
  downloadFile,
} from "./download.ts";
export { createFetch, type Fetch, type FetchInit, type FetchOptions } from "./fetch.ts";
export { isLoopback } from "./loopback.ts";
export { type Mirror, mirrored, parseMirrors } from "./mirrors.ts";
export { createNetwork, type Exchange, type NetworkOptions, type Timeouts } from "./network.ts";
export {
  type Retry,
  type RetryObserver,
  type RetryOptions,
  type RetryPolicy,
  repeat,
  retryPolicy,
  type TransientFailure,
} from "./retry-policy.ts";
export { isTransientStatus, transientError } from "./transient-failure.ts";
