import type { Descriptor, Digest, FetchedManifest, RegistryReader, Repository } from "@spin-publisher/oci";
import {
  type LockedApp,
  type LockedContent,
  largestLockedApp,
  lockedAppLayer,
  parseLockedApp,
} from "@spin-publisher/spin-artifact";

/** One file or module of a published application. */
export interface PublishedPart {
  /** `component/path` of a file, `component` of a module. */
  readonly name: string;
  readonly digest: Digest;
  /** In bytes; unknown for a file that travels in an archive. */
  readonly size: number | undefined;
}

/**
 * The files and modules of an application that was published earlier, perhaps by another program.
 *
 * @returns undefined where the artifact is not a Spin application, or cannot be read.
 */
export async function publishedParts(
  reader: RegistryReader,
  repository: Repository,
  manifest: FetchedManifest,
): Promise<readonly PublishedPart[] | undefined> {
  const layers = "layers" in manifest.document ? manifest.document.layers : [];
  const lockedApp = lockedAppLayer(layers);
  if (lockedApp === undefined) return undefined;
  try {
    return partsOf(parseLockedApp(await reader.blob(repository, lockedApp, largestLockedApp)), layers);
  } catch {
    // The comparison with an earlier version is an extra: it never fails a publication.
    return undefined;
  }
}

function partsOf({ components }: LockedApp, layers: readonly Descriptor[]): readonly PublishedPart[] {
  const sizes = new Map(layers.map(({ digest, size }) => [digest, size]));
  const part = (name: string, { digest, inline }: LockedContent): PublishedPart => {
    return { name, digest, size: inline?.length ?? sizes.get(digest) };
  };
  return components.flatMap(({ id, source, files }) => [
    part(id, source),
    ...files.map((file) => part(`${id}/${file.path}`, file)),
  ]);
}
