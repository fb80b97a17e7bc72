import type { Fetch, RetryObserver, RetryOptions } from "@spin-publisher/http";

/** The repository that Spin is released from (`fermyon/spin` until early 2025; GitHub redirects the old name). */
export const repository = { owner: "spinframework", name: "spin" } as const;

/** Where releases are looked up and downloaded. Base URLs without a slash at the end. */
export interface ReleaseHost {
  /** Answers GitHub's REST paths, `/repos/…`. */
  readonly api: string;
  /** Answers the paths of GitHub's website, `/<owner>/<name>/releases/…`. */
  readonly downloads: string;
  /** Whether a token for GitHub is sent to `api`. */
  readonly takesToken: boolean;
}

export const gitHub: ReleaseHost = {
  api: "https://api.github.com",
  downloads: "https://github.com",
  takesToken: true,
};

/**
 * A mirror that answers both kinds of paths below one base URL. The token belongs to GitHub and is never sent there.
 *
 * @throws Error when `base` is not a plain http(s) URL. What may be a secret in it is not repeated.
 */
export function mirrorAt(base: string): ReleaseHost {
  const url = URL.parse(base);
  if (/[@?#]/.test(base)) {
    throw new Error(
      "A mirror must be a base URL such as https://mirror.example/github, without credentials, query or fragment. Remove them.",
    );
  }
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new Error(
      `A mirror must be a base URL such as https://mirror.example/github, but it is "${base}".`,
    );
  }
  const address = url.href.replace(/\/+$/, "");
  return { api: address, downloads: address, takesToken: false };
}

/** How to reach releases; every function that uses the network takes one. */
export interface ReleaseAccess {
  readonly fetch: Fetch;
  /** GitHub by default. */
  readonly host?: ReleaseHost;
  /** For GitHub's API only; downloads need none. */
  readonly token?: string | undefined;
  /** Called before a download is retried. */
  readonly onRetry?: RetryObserver;
  /** How often a download that breaks off is retried; three attempts by default. */
  readonly retry?: RetryOptions;
}

/** The address of a file of a release. */
export function downloadUrl(host: ReleaseHost, tag: string, name: string): string {
  const path = [repository.owner, repository.name, "releases", "download", tag, name];
  return `${host.downloads}/${path.map(encodeURIComponent).join("/")}`;
}
