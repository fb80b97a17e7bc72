import type { JsonObject } from "@spin-publisher/json";
import {
  type Descriptor,
  type Digest,
  type FetchedManifest,
  formatReference,
  mediaTypes,
  type Platform,
  type Reference,
  type RegistryReader,
} from "@spin-publisher/oci";
import { imageConfig } from "../spec/image-config.ts";
import { configPlatform, platformMatch } from "../spec/platforms.ts";

/** An image that a base offers for a platform. */
export interface Offer {
  readonly platform: Platform;
  readonly digest: Digest;
  /** Where they were read to learn the platform. */
  readonly read?: { readonly manifest: FetchedManifest; readonly config: JsonObject };
}

/** Media types of an image's config, OCI's and Docker's; those of other artifacts are something else. */
const imageConfigTypes: readonly string[] = [
  mediaTypes.config,
  "application/vnd.docker.container.image.v1+json",
];

/** Entries of one base that are read to learn their platforms, and how deep indexes may be nested. */
const limits = { entries: 64, depth: 3 };

/**
 * The images that a base offers. Usually its index names their platforms. Where that does not serve every wanted one,
 * the entries that name none and the indexes in the index are read: what an image's config says counts then.
 *
 * @param top what `reference` names: an index, or the manifest of a single image.
 * @throws Error when a single image does not say which platform it is for, or the base lists too much to read.
 */
export async function offeredImages(
  top: FetchedManifest,
  reference: Reference,
  wanted: readonly Platform[],
  reader: RegistryReader,
): Promise<readonly Offer[]> {
  if ("manifests" in top.document) {
    const { named, unread } = sorted(top.document.manifests);
    const served = wanted.every((platform) =>
      named.some((offer) => platformMatch(platform, offer.platform) > 0),
    );
    if (served) return named;
    const budget = { left: limits.entries };
    const found = await Promise.all(unread.map((entry) => opened(entry, reference, reader, budget, 1)));
    return [...named, ...found.flat()];
  }
  const config = await imageConfig(top, reference, reader);
  const platform = configPlatform(config);
  if (platform === undefined) {
    throw new Error(
      `The config of the base image ${formatReference(reference)} does not say which platform it is for; use another base image.`,
    );
  }
  return [{ platform, digest: top.descriptor.digest, read: { manifest: top, config } }];
}

/** Entries that are images of a named platform, and those that must be read to know. */
function sorted(entries: readonly Descriptor[]) {
  const isIndex = ({ mediaType }: Descriptor) =>
    mediaType === mediaTypes.index || mediaType === mediaTypes.dockerManifestList;
  return {
    named: entries.flatMap((entry): readonly Offer[] =>
      entry.platform === undefined || isIndex(entry)
        ? []
        : [{ platform: entry.platform, digest: entry.digest }],
    ),
    unread: entries.filter((entry) => entry.platform === undefined || isIndex(entry)),
  };
}

/** The images behind an entry; none where it is something else, such as a signature. */
async function opened(
  { digest }: Descriptor,
  reference: Reference,
  reader: RegistryReader,
  budget: { left: number },
  depth: number,
): Promise<readonly Offer[]> {
  const name = formatReference(reference);
  budget.left -= 1;
  if (budget.left < 0 || depth > limits.depth) {
    throw new Error(
      `The base image ${name} lists more than ${limits.entries} images without a platform, or nests indexes more than ${limits.depth} deep; name one image in it by digest.`,
    );
  }
  const { registry, name: repository } = reference;
  const manifest = await reader.manifest({ registry, name: repository, digest });
  if (manifest === undefined) {
    throw new Error(`The base image ${name} is incomplete: its entry ${digest} does not exist.`);
  }
  if ("manifests" in manifest.document) {
    const { named, unread } = sorted(manifest.document.manifests);
    const below = await Promise.all(
      unread.map((entry) => opened(entry, reference, reader, budget, depth + 1)),
    );
    return [...named, ...below.flat()];
  }
  if (!imageConfigTypes.includes(manifest.document.config.mediaType)) return [];
  const config = await imageConfig(manifest, reference, reader);
  const platform = configPlatform(config);
  return platform === undefined ? [] : [{ platform, digest, read: { manifest, config } }];
}
