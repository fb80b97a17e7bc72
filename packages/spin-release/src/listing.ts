import { messageOf } from "@spin-publisher/errors";
import type { FetchInit } from "@spin-publisher/http";
import { isObject } from "@spin-publisher/json";
import { gitHub, type ReleaseAccess, repository } from "./host.ts";
import { isStable, versionOf } from "./version.ts";

/** GitHub's API did not answer the question: a rate limit, a firewall, an outage. `reason` is a clause for users. */
export class ApiRefused extends Error {
  readonly reason: string;
  /** Whether anything answered at all. */
  readonly reached: boolean;
  constructor(reason: string, reached: boolean, options?: ErrorOptions) {
    super(`The releases of Spin could not be listed: ${reason}.`, options);
    this.reason = reason;
    this.reached = reached;
  }
}

/** A hundred releases with their assets and notes are about 2 MiB. */
const pageLimit = 32 << 20;

/** Spin had about a hundred releases in its first five years; a list beyond this is the server's mistake. */
const maximumPages = 20;

/**
 * The versions of Spin that were released, page by page, newest publication first. Drafts, `canary` and tags of
 * templates and SDKs are left out; a release marked as a pre-release counts only if its version says so too.
 *
 * Octokit is loaded here and not above: most runs need no API. It is `@octokit/rest` and not `getOctokit` of
 * `@actions/github`, which refuses to work without a token, reads the event file when it is imported, and brings a
 * second copy of undici: 1,165 KB and 49 ms to load, against 123 KB and 8 ms.
 *
 * @param init `retry: "never"` where there is another way to find out.
 * @throws ApiRefused when the API answers with 403, 429 or 5xx, does not answer, or a mirror does not have it (404).
 * @throws Error when the token is refused, or when the answer is not a list of releases.
 */
export async function* releasedVersions(
  { fetch, host = gitHub, token }: ReleaseAccess,
  pageSize: 30 | 100,
  init: Pick<FetchInit, "retry"> = {},
): AsyncGenerator<readonly string[]> {
  const { Octokit } = await import("@octokit/rest");
  const silent = () => {};
  const octokit = new Octokit({
    baseUrl: host.api,
    // Octokit takes a body that breaks off for an empty one; our fetch does not.
    request: {
      fetch: (url: string, options: RequestInit) => fetch(url, { ...options, ...init, bodyLimit: pageLimit }),
    },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    ...(token && host.takesToken ? { auth: token } : {}),
  });
  for (let page = 1; page <= maximumPages; page += 1) {
    const response = await octokit.rest.repos
      .listReleases({ owner: repository.owner, repo: repository.name, per_page: pageSize, page })
      .catch((error: unknown) => {
        throw refusal(error, host.api, host.takesToken);
      });
    yield versionsIn(response.data, host.api);
    if (!/;\s*rel="?next"?/.test(response.headers.link ?? "")) return;
  }
}

/** @throws Error when `data` is not what GitHub documents for "List releases". */
function versionsIn(data: unknown, api: string): readonly string[] {
  if (!Array.isArray(data)) {
    throw new Error(
      `${api} did not answer with a list of Spin's releases. Check the mirror or proxy that this machine uses.`,
    );
  }
  return data.flatMap((release: unknown) => {
    if (!isObject(release)) return [];
    const version = typeof release.tag_name === "string" ? versionOf(release.tag_name) : undefined;
    if (version === undefined || release.draft === true) return [];
    return release.prerelease === true && isStable(version) ? [] : [version];
  });
}

/** Octokit's RequestError has a `status` (500 where nothing answered) and, where something did, the `response`. */
function refusal(error: unknown, api: string, isGitHub: boolean): Error {
  const { status, response } = isObject(error) ? error : {};
  const options = { cause: error };
  if (typeof status !== "number") return new Error(`${api} cannot list Spin's releases.`, options);
  if (!isObject(response)) return new ApiRefused(`${api} does not answer`, false, options);
  if (status === 401) {
    return new Error(
      `${api} refused the token (401). Omit the token, or use one that github.com issued.`,
      options,
    );
  }
  if (status === 403 || status === 429) {
    return new ApiRefused(`${api} answered ${status}${rateLimit(response.headers)}`, true, options);
  }
  if (status >= 500) return new ApiRefused(`${api} answered ${status}`, true, options);
  if (status === 404 && !isGitHub)
    return new ApiRefused(`${api} does not list releases (404)`, true, options);
  return new Error(
    `${api} answered ${status} to the request for Spin's releases: ${messageOf(error)}.`,
    options,
  );
}

/** When the rate limit ends, where the headers say so: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function rateLimit(headers: unknown): string {
  if (!isObject(headers)) return "";
  if (headers["x-ratelimit-remaining"] === "0") {
    const reset = Number(headers["x-ratelimit-reset"]);
    const until =
      Number.isSafeInteger(reset) && reset > 0
        ? ` until ${new Date(reset * 1000).toISOString().slice(11, 16)} UTC`
        : "";
    return `: its rate limit is used up${until}`;
  }
  const wait = headers["retry-after"];
  return typeof wait === "string" ? `: too many requests, the next one in ${wait} s` : "";
}
