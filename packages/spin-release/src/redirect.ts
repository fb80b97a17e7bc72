import { gitHub, type ReleaseAccess, repository } from "./host.ts";
import { isStable, versionOf } from "./version.ts";

/** The page answered, but did not redirect to a stable release. */
export class NotARelease extends Error {}

/** A renamed repository costs one hop, the page itself another. */
const maximumHops = 4;

/**
 * The release that GitHub's website calls the latest one, read from where its `releases/latest` page redirects to.
 * It needs no API and no token, but it is what the maintainers marked, which may be a fix for an older minor version.
 *
 * @throws NotARelease when the page does not lead to a stable release, and whatever `fetch` throws.
 */
export async function latestByRedirect({ fetch, host = gitHub }: ReleaseAccess): Promise<string> {
  const start = `${host.downloads}/${repository.owner}/${repository.name}/releases/latest`;
  let url = new URL(start);
  for (let hop = 0; hop < maximumHops; hop += 1) {
    const response = await fetch(url, { redirect: "manual" });
    await response.body?.cancel();
    const location = response.headers.get("location");
    const next = location === null ? null : URL.parse(location, url.href);
    if (response.status < 300 || response.status > 399 || next === null || next.origin !== url.origin) {
      throw new NotARelease(`${start} does not lead to a release (${response.status}).`);
    }
    const version = versionAt(next);
    if (version !== undefined) return version;
    url = next;
  }
  throw new NotARelease(`${start} does not lead to a release.`);
}

function versionAt({ pathname }: URL): string | undefined {
  const tag = /\/releases\/tag\/([^/]+)$/.exec(pathname)?.[1];
  const version = tag === undefined ? undefined : versionOf(tag);
  return version !== undefined && isStable(version) ? version : undefined;
}
