import { DownloadRefused, readBounded } from "@spin-publisher/http";
import { assetName, checksumsName, type Target } from "./asset.ts";
import { type Checksums, parseChecksums } from "./checksums.ts";
import { downloadUrl, gitHub, type ReleaseAccess, repository } from "./host.ts";
import { releasedVersions } from "./listing.ts";
import { newestReleases, type Release } from "./resolve.ts";

/** An archive of a release, and what its bytes must hash to. */
export interface Asset {
  readonly name: string;
  readonly url: string;
  readonly target: Target;
  /** Lower-case hex, from the release's checksums file. */
  readonly sha256: string;
}

const checksumsLimit = 1 << 20;

/**
 * Finds the archive to install: the first of `targets` that the release's checksums file lists.
 *
 * @throws Error when the release or its checksums file does not exist, or when it includes none of the targets. The
 *   message lists what exists instead.
 */
export async function findAsset(
  release: Pick<Release, "version" | "tag">,
  targets: readonly Target[],
  access: ReleaseAccess,
): Promise<Asset> {
  const host = access.host ?? gitHub;
  const checksums = await fetchChecksums(release, access);
  for (const target of targets) {
    const name = assetName(release.tag, target);
    const sha256 = checksums.get(name);
    if (sha256 !== undefined) return { name, url: downloadUrl(host, release.tag, name), target, sha256 };
  }
  const missing = targets.map((target) => assetName(release.tag, target)).join(" or ");
  const existing = [...checksums.keys()].filter((name) => name.startsWith("spin-")).sort();
  throw new Error(
    `Spin ${release.version} does not include ${missing}. The release has ${existing.join(", ") || "no archives"}.`,
  );
}

async function fetchChecksums(
  release: Pick<Release, "version" | "tag">,
  access: ReleaseAccess,
): Promise<Checksums> {
  const url = downloadUrl(access.host ?? gitHub, release.tag, checksumsName(release.tag));
  const response = await access.fetch(url, {
    bodyLimit: checksumsLimit,
    ...(access.onRetry === undefined ? {} : { onRetry: access.onRetry }),
  });
  if (response.status === 404) throw await missingRelease(release, access, url);
  if (!response.ok) throw new DownloadRefused(new URL(url), response.status);
  const file = await readBounded(response, checksumsLimit, "the checksums file");
  return parseChecksums(new TextDecoder().decode(file), url);
}

/** Says whether it is the release that does not exist, or only its checksums file. */
async function missingRelease(
  { version }: Pick<Release, "version">,
  access: ReleaseAccess,
  url: string,
): Promise<Error> {
  const listed: string[] = [];
  try {
    for await (const versions of releasedVersions(access, 100)) listed.push(...versions);
  } catch (cause) {
    const { takesToken: isGitHub } = access.host ?? gitHub;
    const advice = isGitHub
      ? `Choose one of the versions listed at https://github.com/${repository.owner}/${repository.name}/releases.`
      : "Check that the mirror has this version, below the path of a release on GitHub.";
    return new Error(`Spin ${version} was not found: ${url} does not exist. ${advice}`, { cause });
  }
  return listed.includes(version)
    ? new Error(
        `Spin ${version} has no checksums file (${url} does not exist), so its archive cannot be verified. Choose another version; ${newestReleases(listed)}.`,
      )
    : new Error(`There is no Spin ${version} (${url} does not exist); ${newestReleases(listed)}.`);
}
