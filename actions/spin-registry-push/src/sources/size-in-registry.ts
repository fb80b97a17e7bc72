import {
  blobSize,
  type Descriptor,
  type Digest,
  type FetchedManifest,
  type RegistryClient,
  type Repository,
  type TargetState,
} from "@spin-publisher/oci";

/** The versions that were read when the target was looked at. */
export function versionsIn({ existing, previous, aliases }: TargetState): readonly FetchedManifest[] {
  return [existing, previous, ...aliases.values()].filter((manifest) => manifest !== undefined);
}

/**
 * The size of a blob that `repository` holds, in bytes; undefined where it does not hold it.
 *
 * The manifests in `state` were read anyway, so a layer of theirs costs no request. A registry that fails counts as not
 * having the blob: the error shows where the registry is needed, in the words for that step.
 */
export async function sizeInRegistry(
  digest: Digest,
  repository: Repository,
  state: Promise<TargetState>,
  client: RegistryClient,
): Promise<number | undefined> {
  const versions = await state.then(versionsIn, () => undefined);
  if (versions === undefined) return undefined;
  return layerIn(versions, digest)?.size ?? blobSize(client, repository, digest).catch(() => undefined);
}

/** Whether one of the versions in `state` has a layer with this digest. */
export async function isPublished(digest: Digest, state: Promise<TargetState>): Promise<boolean> {
  const versions = await state.then(versionsIn, () => []);
  return layerIn(versions, digest) !== undefined;
}

function layerIn(versions: readonly FetchedManifest[], digest: Digest): Descriptor | undefined {
  const layers = versions.flatMap(({ document }) => ("layers" in document ? document.layers : []));
  return layers.find((layer) => layer.digest === digest);
}
