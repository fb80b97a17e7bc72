import { gitHub, type ReleaseAccess, repository } from "./host.ts";
import { isStable, versionOf } from "./version.ts";

/** A renamed repository costs one hop, the page itself another. */
const maximumHops = 4;

/** How long the website's answer may take, in milliseconds. */
const patience = 60_000;

/**
 * The release that GitHub's website calls the latest one, read from where its `releases/latest` page redirects to.
 * It needs no API and no token, but is what the maintainers marked, which may be a fix for an older line.
 *
 * @throws Error when the page does not lead to a stable release.
 */
export async function latestByRedirect({ fetch, host = gitHub }: ReleaseAccess): Promise<string> {
  const start = `${host.downloads}/${repository.owner}/${repository.name}/releases/latest`;
  let url = start;
  for (let hop = 0; hop < maximumHops; hop += 1) {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(patience) });
    await response.body?.cancel();
    const version = versionAt(url);
    if (version !== undefined) return version;
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) {
      throw new Error(`${start} leads to no release (${response.status}); name an exact version instead.`);
    }
    url = new URL(location, url).href;
    const next = versionAt(url);
    if (next !== undefined) return next;
  }
  throw new Error(`${start} leads to no release; name an exact version instead.`);
}

function versionAt(url: string): string | undefined {
  const tag = /\/releases\/tag\/([^/]+)$/.exec(new URL(url).pathname)?.[1];
  const version = tag === undefined ? undefined : versionOf(decodeURIComponent(tag));
  return version !== undefined && isStable(version) ? version : undefined;
}
