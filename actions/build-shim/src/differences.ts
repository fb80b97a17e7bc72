import type { Annotations, Artifact, FetchedManifest, Platform } from "@spin-publisher/oci";
import { annotationKeys } from "./annotations.ts";
import { formatPlatform } from "./platforms.ts";

/** Lines that say how an existing shim differs from a new one, as far as its index tells. */
export function differences(existing: FetchedManifest, { root }: Artifact): readonly string[] {
  if (!("manifests" in existing.document))
    return ["what is there is not a shim but a single image or artifact"];
  const wanted = annotationsOf(root.bytes);
  const found = existing.document.annotations ?? {};
  const lines = [...new Set([...Object.keys(found), ...Object.keys(wanted)])]
    .sort()
    .filter((key) => found[key] !== wanted[key])
    .map((key) => `${nameOf(key)}: ${found[key] ?? "none"} there, ${wanted[key] ?? "none"} here`);
  const there = platformsOf(existing.document.manifests);
  const here = platformsOf(root.children.map(({ descriptor }) => descriptor));
  if (there !== here) lines.push(`platforms: ${there} there, ${here} here`);
  return lines.length > 0 ? lines : ["labels or settings of the images"];
}

function annotationsOf(index: Uint8Array): Annotations {
  const { annotations }: { annotations: Annotations } = JSON.parse(new TextDecoder().decode(index));
  return annotations;
}

function nameOf(key: string): string {
  switch (key) {
    case annotationKeys.content:
      return "content";
    case annotationKeys.baseName:
      return "base image";
    case annotationKeys.baseDigest:
      return "digest of the base image";
    default:
      return `annotation ${key}`;
  }
}

function platformsOf(manifests: readonly { readonly platform?: Platform }[]): string {
  return manifests
    .flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]))
    .join(", ");
}
