import { highest, type Release, type ReleaseAccess, resolveRelease } from "@spin-publisher/spin-release";
import type { RequestedVersion } from "./requested-version.ts";

export interface ChosenRelease {
  readonly release: Pick<Release, "version" | "tag">;
  /** Where the version was requested, and who answered: `version: ^4.0, tool cache`. */
  readonly source: string;
  readonly fromToolCache: boolean;
}

/**
 * The release to install. What is installed already satisfies a range: on a self-hosted runner most jobs then need no
 * network.
 *
 * @param installed the versions in the tool cache.
 */
export async function chooseRelease(
  { request, source }: RequestedVersion,
  installed: readonly string[],
  access: ReleaseAccess,
): Promise<ChosenRelease> {
  if (request.kind === "range") {
    const version = highest(installed, request);
    if (version !== undefined)
      return {
        release: { version, tag: `v${version}` },
        source: `${source}, tool cache`,
        fromToolCache: true,
      };
  }
  const release = await resolveRelease(request, access);
  const answeredBy = {
    request: "",
    api: ", GitHub API",
    redirect: `, releases/latest because ${release.because}`,
  };
  return { release, source: source + answeredBy[release.source], fromToolCache: false };
}
