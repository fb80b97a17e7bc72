import { type Blob, blobOf, type Manifest, manifestOf } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import { type Annotations, type Descriptor, mediaTypes } from "../spec/image-spec.ts";

/** The config of artifacts that need none (image-spec, manifest.md §Guidance for an Empty Descriptor). */
const emptyConfig = () => blobOf(mediaTypes.empty, "{}");

/**
 * A manifest that is attached to another (its subject) by referring to it: one layer of the artifact's own type. Its
 * descriptor has what a list of referrers says about it.
 */
export function referrerTo(
  { mediaType, digest, size }: Descriptor,
  layer: Blob,
  annotations: Annotations,
): Manifest {
  const artifactType = layer.descriptor.mediaType;
  const config = emptyConfig();
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType,
    config: config.descriptor,
    layers: [layer.descriptor],
    subject: { mediaType, digest, size },
    annotations,
  });
  return manifestOf(mediaTypes.manifest, document, { blobs: [config, layer] }, { artifactType, annotations });
}

/**
 * The tag that lists the referrers of a digest where the registry does not (distribution-spec §Referrers Tag Schema). Never a
 * version.
 */
export function referrersTag(digest: Digest): string {
  const [algorithm = "", hex = ""] = digest.split(":");
  return `${algorithm}-${hex.slice(0, 64)}`;
}

/** Whether a tag belongs to a digest rather than being a version: a list of referrers, or a signature of cosign 2. */
export function isReferrersTag(tag: string): boolean {
  return /^sha(?:256|512)-[0-9a-f]{64}(?:\.\w+)?$/.test(tag);
}
