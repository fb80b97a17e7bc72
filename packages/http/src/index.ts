export { createFetch, type Fetch, type FetchOptions } from "./fetch.ts";
export { type Mirror, mirrored, parseMirrors } from "./mirrors.ts";
