import {
  type FetchedManifest,
  type PublishTarget,
  publishedVersion,
  type RegistryClient,
  type TargetState,
} from "@spin-publisher/oci";
import { reasonNotLast, reasonToKeep } from "./aliases.ts";
import { releaseVersion } from "./tag.ts";

/** Why policies that sort by commit time pass over this build, for each alias that says so. */
export function reasonsNotLast({ target, aliases }: TargetState, digest: string): readonly string[] {
  return [...aliases].flatMap(([alias, current]) => {
    if (current === undefined || current.descriptor.digest === digest) return [];
    return reasonNotLast(alias, versionOf(current), target.tag) ?? [];
  });
}

function versionOf({ document }: FetchedManifest): string | undefined {
  return document.annotations?.["org.opencontainers.image.version"];
}

/** Why an alias stays on a newer release, of whatever publisher; only a release asks. */
export async function whyKept(
  alias: string,
  current: FetchedManifest,
  { repository, tag }: PublishTarget,
  client: RegistryClient,
): Promise<string | undefined> {
  if (releaseVersion(tag) === undefined) return undefined;
  const version = await publishedVersion(client, repository, current, {
    isRelease: (text) => releaseVersion(text) !== undefined,
    isNewer: (version) => reasonToKeep(alias, version, tag) !== undefined,
  });
  return reasonToKeep(alias, version, tag);
}
