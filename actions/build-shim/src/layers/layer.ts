import { gzip } from "@spin-publisher/archive";
import {
  type BlobSource,
  blobOf,
  type Descriptor,
  type Digest,
  digestOf,
  mediaTypes,
} from "@spin-publisher/oci";

/** One layer of an image. */
export interface Layer {
  /** As in the manifest, with every property that its author gave it. */
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar (image-spec, config.md §rootfs). */
  readonly diffId: Digest;
  /** Undefined for layers that a registry must not hold (image-spec, layer.md §Non-Distributable Layers). */
  readonly source: BlobSource | undefined;
  /** What the image's history says about a layer of ours; a base image has its own history. */
  readonly createdBy?: string;
  /** What it is made of, where a later run can save the work of making it. */
  readonly recipe?: string;
}

/** A gzipped layer of a tar archive held in memory. */
export function layerOf(archive: Uint8Array): Layer {
  const { descriptor, source } = blobOf(mediaTypes.layerTarGzip, gzip(archive));
  return { descriptor, diffId: digestOf(archive), source };
}
