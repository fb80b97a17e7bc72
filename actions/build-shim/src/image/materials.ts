import type { Material } from "@spin-publisher/action-runtime";
import { type Artifact, formatReference, parseDigest, type Reference } from "@spin-publisher/oci";
import { annotationKeys } from "../spec/annotations.ts";

/**
 * What a shim was built from, for its provenance: the content that it runs, its base image, and the release of Spin where it
 * starts from nothing. Base and release are what its index says, which a later run builds on, too.
 */
export function materialsOf({ digest, ...content }: Reference, { root }: Artifact): readonly Material[] {
  const { annotations = {} } = JSON.parse(new TextDecoder().decode(root.bytes));
  const name: unknown = annotations[annotationKeys.baseName];
  const base: unknown = annotations[annotationKeys.baseDigest];
  const spin: unknown = annotations[annotationKeys.spin];
  return [
    { uri: `oci://${formatReference(content)}`, ...(digest === undefined ? {} : { digest }) },
    ...(typeof name === "string" && typeof base === "string"
      ? [{ uri: `oci://${name}`, digest: parseDigest(base) }]
      : []),
    ...(typeof spin === "string"
      ? [{ uri: `https://github.com/spinframework/spin/releases/tag/v${spin}` }]
      : []),
  ];
}
