/** Annotations that are read back: what an existing shim was made of. */
export const annotationKeys = {
  /** image-spec, annotations.md. */
  baseName: "org.opencontainers.image.base.name",
  baseDigest: "org.opencontainers.image.base.digest",
  /** Reference with digest of the content that a shim runs. */
  content: "io.github.spin-publisher.content",
} as const;
