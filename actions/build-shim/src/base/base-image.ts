import type { JsonObject } from "@spin-publisher/json";
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
import { formatPlatform, platformMatch } from "../spec/platforms.ts";
import { layersOf } from "./base-layers.ts";

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
}

/**
 * Reads a base image: its index, then the manifests of the requested platforms, then their configs; three waves of
 * requests in all.
 *
 * @throws Error when it does not exist, lacks a platform (saying which it has), or contradicts itself.
 */
export async function readBase(
  reference: Reference,
  platforms: readonly Platform[],
  reader: RegistryReader,
): Promise<Base> {
  const top = await reader.manifest(reference);
  if (top === undefined) {
    throw new Error(
      `The base image ${formatReference(reference)} does not exist; set input "base-image" or "spin-version" to one that does.`,
    );
  }
  const offered = await offeredImages(top, reference, reader);
  const images = await Promise.all(
    platforms.map((platform) => readImage(chosen(platform, offered, reference), reference, reader)),
  );
  const { registry, name, tag } = reference;
  return {
    name: formatReference({ registry, name, ...(tag === undefined ? {} : { tag }) }),
    digest: top.descriptor.digest,
    images,
  };
}

interface Offer {
  readonly platform: Platform;
  readonly digest: Digest;
  /** Where it was read to learn the platform. */
  readonly manifest?: FetchedManifest;
}

async function offeredImages(
  top: FetchedManifest,
  reference: Reference,
  reader: RegistryReader,
): Promise<readonly Offer[]> {
  if ("manifests" in top.document) {
    return top.document.manifests.flatMap(({ platform, digest }) =>
      platform === undefined ? [] : [{ platform, digest }],
    );
  }
  const config = await imageConfig(top, reference, reader);
  return [{ platform: platformOf(config, reference), digest: top.descriptor.digest, manifest: top }];
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
    `The base image ${formatReference(reference)} has no ${formatPlatform(wanted)}, it has ${names.join(", ") || "no platform at all"}; change the input "platforms" or "base-image".`,
  );
}

async function readImage(offer: Offer, reference: Reference, reader: RegistryReader): Promise<BaseImage> {
  const { registry, name } = reference;
  const manifest = offer.manifest ?? (await reader.manifest({ registry, name, digest: offer.digest }));
  if (manifest === undefined) {
    throw new Error(
      `The base image ${formatReference(reference)} is incomplete: its manifest for ${formatPlatform(offer.platform)}, ${offer.digest}, is missing.`,
    );
  }
  const config = await imageConfig(manifest, reference, reader);
  const built = platformOf(config, reference);
  if (built.os !== offer.platform.os || built.architecture !== offer.platform.architecture) {
    throw new Error(
      `The base image ${formatReference(reference)} contradicts itself: its index says ${formatPlatform(offer.platform)} and its config ${formatPlatform(built)} about ${offer.digest}.`,
    );
  }
  return {
    platform: offer.platform,
    digest: offer.digest,
    config,
    layers: layersOf(manifest, config, { registry, name }, `The base image ${formatReference(reference)}`),
  };
}

function platformOf(config: JsonObject, reference: Reference): Platform {
  const { os, architecture, variant } = config;
  if (typeof os !== "string" || typeof architecture !== "string") {
    throw new Error(
      `The config of the base image ${formatReference(reference)} does not say which platform it is for; use another base image.`,
    );
  }
  return { os, architecture, ...(typeof variant === "string" && variant !== "" ? { variant } : {}) };
}
