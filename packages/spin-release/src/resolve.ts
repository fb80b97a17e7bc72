import { gitHub, type ReleaseAccess } from "./host.ts";
import { ApiRefused, releasedVersions } from "./listing.ts";
import { latestByRedirect, NotARelease } from "./redirect.ts";
import { highest, meets, newestFirst, tagOf, type VersionRequest } from "./version.ts";

export interface Release {
  /** Without `v`. */
  readonly version: string;
  readonly tag: string;
  /** Who named this release: the request itself, GitHub's API, or the redirect of releases/latest. */
  readonly source: "request" | "api" | "redirect";
  /** Why the API was not the source, as a clause. */
  readonly because?: string;
}

/**
 * The release that a request means. An exact version costs no request; whether it exists shows when its files are
 * fetched. `latest` is the highest stable version among the newest releases, a range the highest version that
 * satisfies it. Where the API refuses, the redirect of releases/latest stands in: for `latest`, and for a range that
 * the latest release satisfies (no stable release is higher).
 *
 * @throws Error naming what exists when nothing satisfies the request, and what to do when GitHub does not answer.
 */
export async function resolveRelease(request: VersionRequest, access: ReleaseAccess): Promise<Release> {
  if (request.kind === "exact") return release(request.version, "request");
  try {
    return release(await highestListed(request, access), "api");
  } catch (error) {
    if (!(error instanceof ApiRefused)) throw error;
    return await withoutApi(request, access, error);
  }
}

async function highestListed(
  request: Exclude<VersionRequest, { kind: "exact" }>,
  access: ReleaseAccess,
): Promise<string> {
  const listed: string[] = [];
  // The newest stable release is never far down the list, and releases/latest is a second way to it, so a refusal
  // is not worth waiting for. A range may need an old release.
  const pages =
    request.kind === "latest"
      ? releasedVersions(access, 30, { retry: "never" })
      : releasedVersions(access, 100);
  for await (const versions of pages) {
    listed.push(...versions);
    const found = highest(listed, request);
    if (request.kind === "latest" && found !== undefined) return found;
  }
  const found = highest(listed, request);
  if (found !== undefined) return found;
  throw new Error(
    request.kind === "latest"
      ? `Spin has no stable release; ${newestReleases(listed)}.`
      : `No release of Spin satisfies ${request.range}; ${newestReleases(listed)}.`,
  );
}

async function withoutApi(
  request: Exclude<VersionRequest, { kind: "exact" }>,
  access: ReleaseAccess,
  refused: ApiRefused,
): Promise<Release> {
  const latest = await latestByRedirect(access).catch((cause: unknown) => {
    throw unknownLatest(access, refused, cause);
  });
  if (request.kind === "latest" || meets(latest, request)) {
    return { ...release(latest, "redirect"), because: refused.reason };
  }
  throw new Error(
    `Cannot find out which releases satisfy ${request.range}: ${refused.reason}, and the latest release, ${latest}, does not satisfy it. ${wayOut(access)}`,
    { cause: refused },
  );
}

function unknownLatest(access: ReleaseAccess, { reason, reached }: ApiRefused, cause: unknown): Error {
  const { api, downloads } = access.host ?? gitHub;
  if (!reached && !(cause instanceof NotARelease)) {
    const hosts = api === downloads ? api : `${api} or ${downloads}`;
    return new Error(
      `Cannot reach ${hosts}. Check the network, or set ORIGIN_MIRRORS to a mirror that this machine can reach.`,
      { cause },
    );
  }
  return new Error(
    `Cannot find out the latest release of Spin: ${reason}, and the page releases/latest does not say either. ${wayOut(access)}`,
    { cause },
  );
}

function wayOut({ host = gitHub, token }: ReleaseAccess): string {
  return host.takesToken && !token
    ? "Set an exact version, or a token, which raises the rate limit."
    : "Set an exact version.";
}

/** A clause that lists the newest releases, for errors about one that does not exist. */
export function newestReleases(versions: readonly string[]): string {
  const newest = newestFirst(versions).slice(0, 8);
  return newest.length === 0 ? "no releases are listed" : `the newest releases are ${newest.join(", ")}`;
}

function release(version: string, source: Release["source"]): Release {
  return { version, tag: tagOf(version), source };
}
