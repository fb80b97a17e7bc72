import { type Mirror, mirrored, parseMirrors } from "./mirrors.ts";

/** The platform's `fetch`; every edge that talks to the network takes one of these as a parameter. */
export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

export interface FetchOptions {
  readonly mirrors?: readonly Mirror[];
}

/** A `fetch` for the outside world as the job's environment describes it: mirrors, proxies, certificates. */
export function createFetch(options: FetchOptions = {}): Fetch {
  const mirrors = options.mirrors ?? parseMirrors(process.env.ORIGIN_MIRRORS ?? "");
  return (input, init) => fetch(mirrored(new URL(input), mirrors), init);
}
