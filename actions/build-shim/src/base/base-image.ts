import { type JsonObject, parseObject } from "@spin-publisher/json";
import {
  type Digest,
  type FetchedManifest,
  formatReference,
  type Platform,
  type Reference,
  type RegistryReader,
} from "@spin-publisher/oci";
import type { Layer } from "../layers/layer.ts";
import { imageConfig } from "../spec/image-config.ts";
import { configPlatform, formatPlatform, platformMatch } from "../spec/platforms.ts";
import { layersOf } from "./base-layers.ts";
import { type Offer, offeredImages } from "./offered-images.ts";

/** The image of one platform that layers are appended to. */
export interface BaseImage {
  /** As in the base's index, or in the image's config where there is no index. */
  readonly platform: Platform;
  /** Digest of its manifest; undefined where nothing was published under a digest. */
  readonly digest: Digest | undefined;
  /** The image config, complete with properties that no specification knows. */
  readonly config: JsonObject;
  readonly layers: readonly Layer[];
}

/** A base with one image for each requested platform, in the order of the request. */
export interface Base {
  /** `host/repository:tag`; undefined for an image that starts from nothing. */
  readonly name: string | undefined;
  /** Digest of the index, or of the manifest where there is no index. */
  readonly digest: Digest | undefined;
  readonly images: readonly BaseImage[];
  /** Version of Spin, for an image that starts from nothing. */
  readonly spin?: string;
  /** The record of exactly these images, where they were taken from it. */
  readonly record?: string;
}

/**
 * Reads the images of a base: the manifests of the requested platforms, then their configs; two waves of requests.
 *
 * @param top what `reference` names: an index, or the manifest of a single image.
 * @throws Error when it lacks a platform (naming those it has), or contradicts itself.
 */
export async function readBase(
  reference: Reference,
  top: FetchedManifest,
  platforms: readonly Platform[],
  reader: RegistryReader,
): Promise<Base> {
  const offered = await offeredImages(top, reference, platforms, reader);
  const offers = platforms.map((platform) => chosen(platform, offered, reference));
  const images = await Promise.all(offers.map((offer) => readImage(offer, reference, reader)));
  return { name: nameOf(reference), digest: top.descriptor.digest, images };
}

/** How annotations name a base: `host/repository:tag`. */
export function nameOf({ registry, name, tag }: Reference): string {
  return formatReference({ registry, name, ...(tag === undefined ? {} : { tag }) });
}

function chosen(wanted: Platform, offered: readonly Offer[], reference: Reference): Offer {
  const ranked = offered
    .map((offer) => ({ offer, match: platformMatch(wanted, offer.platform) }))
    .filter(({ match }) => match > 0)
    .sort((left, right) => right.match - left.match);
  if (ranked[0] !== undefined) return ranked[0].offer;
  // Attestations are listed as images for unknown/unknown.
  const names = offered
    .map(({ platform }) => formatPlatform(platform))
    .filter((name) => !name.startsWith("unknown"));
  throw new Error(
    `The base image ${formatReference(reference)} has no ${formatPlatform(wanted)}, it has ${[...new Set(names)].join(", ") || "no images"}; change the input "platforms" or "base-image".`,
  );
}

async function readImage(
  { platform, digest, read }: Offer,
  reference: Reference,
  reader: RegistryReader,
): Promise<BaseImage> {
  const { registry, name } = reference;
  const what = `The base image ${formatReference(reference)}`;
  const manifest = read?.manifest ?? (await reader.manifest({ registry, name, digest }));
  if (manifest === undefined) {
    throw new Error(
      `${what} is incomplete: its image for ${formatPlatform(platform)}, ${digest}, does not exist.`,
    );
  }
  const config = read?.config ?? (await imageConfig(manifest, reference, reader));
  const built = configPlatform(config);
  if (built?.os !== platform.os || built.architecture !== platform.architecture) {
    const found = built === undefined ? "no platform" : formatPlatform(built);
    throw new Error(
      `${what} contradicts itself: its index says ${formatPlatform(platform)} and its config ${found} about ${digest}.`,
    );
  }
  const { layers } = parseObject(manifest.bytes, what);
  return { platform, digest, config, layers: layersOf(layers, config, { registry, name }, what) };
}
