import type { Annotations } from "@spin-publisher/oci";

/** Annotations that a later run reads: what an existing shim was made of. */
export const annotationKeys = {
  /** image-spec, annotations.md. */
  baseName: "org.opencontainers.image.base.name",
  baseDigest: "org.opencontainers.image.base.digest",
  /** Reference, with digest, of the content that a shim runs. */
  content: "io.github.spin-publisher.content",
  /** The images of the base: platform → digest, config, layers, as gzipped JSON in base64. */
  base: "io.github.spin-publisher.base",
  /** Layers that are expensive to make: recipe → digest, size, diff id, as JSON. */
  layers: "io.github.spin-publisher.layers",
  /** Version of Spin in a shim that starts from nothing. */
  spin: "io.github.spin-publisher.spin",
} as const;

/** What only this action writes: a later run builds on it. Anything else may be set by the user. */
export function isReserved(key: string): boolean {
  return (
    key.startsWith("io.github.spin-publisher.") ||
    key === annotationKeys.baseName ||
    key === annotationKeys.baseDigest
  );
}

/** What a shim is, as its index, images and labels all say it. */
export interface Description {
  readonly tag: string;
  /** Reference, with digest, of the content that it runs. */
  readonly content: string;
  /** Where the source code is. */
  readonly source: string;
  /** RFC 3339, where it has one. */
  readonly created: string | undefined;
}

export function describe({ tag, content, source, created }: Description): Annotations {
  return {
    ...(created === undefined ? {} : { "org.opencontainers.image.created": created }),
    "org.opencontainers.image.source": source,
    "org.opencontainers.image.version": tag,
    [annotationKeys.content]: content,
  };
}
