import type { FetchInit } from "@spin-publisher/http";
import { gitHub, type ReleaseAccess, repository } from "./host.ts";
import { isStable, versionOf } from "./version.ts";

/** GitHub's API would not answer: a rate limit, a firewall, an outage. `reason` is a clause for users. */
export class ApiRefused extends Error {
  readonly reason: string;
  constructor(reason: string, options?: ErrorOptions) {
    super(`The releases of Spin could not be listed: ${reason}.`, options);
    this.reason = reason;
  }
}

/** A hundred releases with their assets and notes are about 2 MiB. */
const pageLimit = 32 << 20;

/** A page of an endless list would be a fault of the server; Spin has had about a hundred releases in five years. */
const maximumPages = 20;

/**
 * The versions that Spin was released in, page by page, newest publication first: drafts, `canary`, and tags of
 * templates and SDKs left out, and what is marked as a pre-release only where its version says so too.
 *
 * Octokit is loaded here and not above: most runs need no API at all.
 *
 * @param init `retry: "never"` where a refusal can be worked around at once.
 * @throws ApiRefused when the API answers with 403, 429 or 5xx, or a mirror has none (404).
 * @throws Error when the token is refused, or the answer is no list of releases.
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
    // Octokit takes a body that breaks off for an empty one; the transport does not.
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

/** @throws Error when `data` is not what GitHub's documentation of "List releases" says. */
function versionsIn(data: unknown, api: string): readonly string[] {
  if (!Array.isArray(data)) {
    throw new Error(
      `${api} was asked for the releases of Spin, but its answer is no list; check what is behind that address.`,
    );
  }
  return data.flatMap((release: unknown) => {
    if (typeof release !== "object" || release === null || !("tag_name" in release)) return [];
    const version = typeof release.tag_name === "string" ? versionOf(release.tag_name) : undefined;
    if (version === undefined || ("draft" in release && release.draft === true)) return [];
    const markedPreRelease = "prerelease" in release && release.prerelease === true;
    return markedPreRelease && isStable(version) ? [] : [version];
  });
}

function refusal(error: unknown, api: string, isGitHub: boolean): Error {
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") {
    return new Error(`${api} could not be asked for the releases of Spin.`, { cause: error });
  }
  const { status } = error;
  if (status === 401) {
    return new Error(
      `${api} refused the token (401); leave the token away, or use one that github.com itself issued.`,
      { cause: error },
    );
  }
  if (status === 403 || status === 429)
    return new ApiRefused(`${api} answered ${status}${rateLimit(error)}`, { cause: error });
  if (status >= 500) return new ApiRefused(`${api} does not answer (${error.message})`, { cause: error });
  if (status === 404 && !isGitHub)
    return new ApiRefused(`${api} has no list of releases (404)`, { cause: error });
  return new Error(`${api} answered ${status} when asked for the releases of Spin: ${error.message}.`, {
    cause: error,
  });
}

/** When the limit of GitHub's REST API ends, where its headers say so ("Rate limits for the REST API"). */
function rateLimit(error: Error): string {
  const headers = headersOf(error);
  if (headers["x-ratelimit-remaining"] === "0") {
    const reset = Number(headers["x-ratelimit-reset"]);
    const until =
      Number.isSafeInteger(reset) && reset > 0
        ? ` until ${new Date(reset * 1000).toISOString().slice(11, 16)} UTC`
        : "";
    return `: its rate limit is used up${until}`;
  }
  const wait = headers["retry-after"];
  return wait === undefined ? "" : `: too many requests, the next one in ${wait} s`;
}

function headersOf(error: Error): Readonly<Record<string, string | undefined>> {
  const response = "response" in error ? error.response : undefined;
  const headers =
    typeof response === "object" && response !== null && "headers" in response ? response.headers : undefined;
  if (typeof headers !== "object" || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
