import { isObject, type JsonObject, objectsOf, stringsOf } from "@spin-publisher/json";
import { type Descriptor, isDigest, type Repository } from "@spin-publisher/oci";
import type { Layer } from "../layers/layer.ts";

/** Docker's layer types and the OCI types of the same bytes (image-spec, media-types.md §Compatibility Matrix). */
const ociLayerTypes: Readonly<Record<string, string>> = {
  "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
  "application/vnd.docker.image.rootfs.diff.tar.gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
  "application/vnd.docker.image.rootfs.diff.tar.zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip":
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
};

/**
 * The layers of a base image, with Docker's media types turned into OCI's and everything else unchanged.
 *
 * @param found the `layers` of its manifest, as they were read.
 * @param what names the image in an error.
 * @throws Error when manifest and config disagree about the layers, or a layer is not a file system.
 */
export function layersOf(
  found: unknown,
  config: JsonObject,
  repository: Repository,
  what: string,
): readonly Layer[] {
  const descriptors = objectsOf(found) ?? [];
  const rootfs = config.rootfs;
  const diffIds = isObject(rootfs) ? (stringsOf(rootfs.diff_ids) ?? []) : [];
  if (descriptors.length !== diffIds.length) {
    throw new Error(
      `${what} contradicts itself: ${descriptors.length} layers in its manifest, ${diffIds.length} in its config.`,
    );
  }
  return descriptors.map((found, index) => {
    const descriptor = ociLayer(found, what);
    const diffId = diffIds[index];
    if (diffId === undefined || !isDigest(diffId)) throw new Error(`${what} has a layer without a digest.`);
    const distributable = !descriptor.mediaType.includes(".nondistributable.");
    return { descriptor, diffId, source: distributable ? { kind: "repository", repository } : undefined };
  });
}

function ociLayer(found: JsonObject, what: string): Descriptor {
  const { mediaType, digest, size } = found;
  if (
    typeof mediaType !== "string" ||
    typeof digest !== "string" ||
    !isDigest(digest) ||
    typeof size !== "number"
  ) {
    throw new Error(`${what} has a layer without media type, digest or size.`);
  }
  const type = ociLayerTypes[mediaType] ?? mediaType;
  if (!type.startsWith("application/vnd.oci.image.layer.")) {
    throw new Error(
      `${what} has a layer of type "${mediaType}", which is not a file system layer; use another base image.`,
    );
  }
  return { ...found, mediaType: type, digest, size };
}
