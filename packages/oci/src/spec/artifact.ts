import { type Digest, digestOf } from "./digest.ts";
import type { Descriptor } from "./image-spec.ts";
import type { Repository } from "./reference.ts";

/** Where the bytes of a blob come from. They can be read again for every retry. */
export type BlobSource =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly path: string }
  /** In another repository: mounted where possible, copied otherwise. */
  | { readonly kind: "repository"; readonly repository: Repository }
  /** Made or downloaded only if the registry does not have it. */
  | { readonly kind: "deferred"; readonly open: () => Promise<Uint8Array> };

export interface Blob {
  readonly descriptor: Descriptor;
  readonly source: BlobSource;
}

/**
 * A manifest or index as it is pushed: the exact bytes, the blobs it refers to (config first, then layers) and, for an
 * index, the manifests it lists. A base image's manifest is never a child: its layers become our blobs.
 */
export interface Manifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly blobs: readonly Blob[];
  readonly children: readonly Manifest[];
}

/** What a builder makes and `publish` pushes: a content-addressed graph with one root. */
export interface Artifact {
  readonly root: Manifest;
}

/** The descriptor and blob of bytes held in memory. */
export function blobOf(mediaType: string, bytes: Uint8Array | string): Blob {
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  return {
    descriptor: { mediaType, digest: digestOf(content), size: content.length },
    source: { kind: "bytes", bytes: content },
  };
}

/**
 * A manifest whose bytes are final: serialised once, and hashed and sent as they are.
 *
 * @param extra descriptor properties that an index lists for it (`platform`, `annotations`, `artifactType`).
 */
export function manifestOf(
  mediaType: string,
  document: string,
  parts: { readonly blobs?: readonly Blob[]; readonly children?: readonly Manifest[] },
  extra: Pick<Descriptor, "platform" | "annotations" | "artifactType"> = {},
): Manifest {
  const bytes = new TextEncoder().encode(document);
  return {
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length, ...extra },
    bytes,
    blobs: parts.blobs ?? [],
    children: parts.children ?? [],
  };
}

/** Every blob of the artifact once, in the order in which its manifests list them, children first. */
export function blobsOf(manifest: Manifest): ReadonlyMap<Digest, Blob> {
  const blobs = new Map<Digest, Blob>();
  const visit = (node: Manifest) => {
    for (const child of node.children) visit(child);
    for (const blob of node.blobs)
      if (!blobs.has(blob.descriptor.digest)) blobs.set(blob.descriptor.digest, blob);
  };
  visit(manifest);
  return blobs;
}
