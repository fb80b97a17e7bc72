import { gitHub, type ReleaseAccess } from "./host.ts";
import { ApiRefused, releasedVersions } from "./listing.ts";
import { latestByRedirect } from "./redirect.ts";
import { highest, meets, newestFirst, tagOf, type VersionRequest } from "./version.ts";

export interface Release {
  /** Without the `v`. */
  readonly version: string;
  readonly tag: string;
  /** Who said that this is the one: the request itself, GitHub's API, or where releases/latest redirects to. */
  readonly source: "request" | "api" | "redirect";
  /** Why the API was not the source, as a clause. */
  readonly because?: string;
}

/**
 * The release that a request means. An exact version costs no request at all; whether it exists shows when its
 * files are fetched. `latest` is the highest stable version among the newest releases, a range the highest of all
 * that meets it. Where the API refuses, the redirect of releases/latest stands in: for `latest`, and for a range
 * that the latest release meets (nothing stable is above it).
 *
 * @throws Error naming what exists when nothing meets the request, and what to do when GitHub refuses to tell.
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
  // The newest stable release is never far down the list, while a range may be met best by an old one; and there
  // is always another way to the former, so that waiting for the API would be a waste.
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
  const wanted = request.kind === "latest" ? "stable version" : `version that meets ${request.range}`;
  throw new Error(`There is no ${wanted} of Spin; ${whatExists(listed)}.`);
}

async function withoutApi(
  request: Exclude<VersionRequest, { kind: "exact" }>,
  access: ReleaseAccess,
  refused: ApiRefused,
): Promise<Release> {
  const latest = await latestByRedirect(access).catch((cause: unknown) => {
    throw new Error(
      `The newest release of Spin is unknown: ${refused.reason}, and the page releases/latest does not tell either; name an exact version${hintAtToken(access)}.`,
      { cause },
    );
  });
  if (request.kind === "latest" || meets(latest, request)) {
    return { ...release(latest, "redirect"), because: refused.reason };
  }
  throw new Error(
    `The releases that meet ${request.range} are unknown: ${refused.reason}, and the latest release, ${latest}, does not meet it; name an exact version${hintAtToken(access)}.`,
    { cause: refused },
  );
}

/** A clause that lists the newest releases, for errors about one that does not exist. */
export function whatExists(versions: readonly string[]): string {
  const newest = newestFirst(versions).slice(0, 8);
  return newest.length === 0 ? "no release is listed at all" : `the newest releases are ${newest.join(", ")}`;
}

function hintAtToken({ host = gitHub, token }: ReleaseAccess): string {
  return host.takesToken && !token ? " or give a token, which raises the limit" : "";
}

function release(version: string, source: Release["source"]): Release {
  return { version, tag: tagOf(version), source };
}
