/** Annotations that a later run reads: what an existing shim was made of. */
export const annotationKeys = {
  /** image-spec, annotations.md. */
  baseName: "org.opencontainers.image.base.name",
  baseDigest: "org.opencontainers.image.base.digest",
  /** Reference, with digest, of the content that a shim runs. */
  content: "io.github.spin-publisher.content",
  /** Layers that are expensive to make: recipe → digest, size, diff id, as JSON. */
  layers: "io.github.spin-publisher.layers",
  /** Version of Spin in a shim that starts from nothing. */
  spin: "io.github.spin-publisher.spin",
} as const;
