import { type FetchedManifest, mediaTypes } from "@spin-publisher/oci";
import { spinMediaTypes } from "@spin-publisher/spin-artifact";

const configTypes: Readonly<Record<string, string>> = {
  [mediaTypes.config]: "a container image",
  "application/vnd.docker.container.image.v1+json": "a container image",
  "application/vnd.cncf.helm.config.v1+json": "a Helm chart",
  [spinMediaTypes.lockedApp]: "content that Spin 1 published",
};

/** What a manifest is, for people: "a Helm chart", "an index of several images". */
export function kindOf(document: FetchedManifest["document"]): string {
  if ("manifests" in document) return "an index of several images";
  const { artifactType, config } = document;
  const type = artifactType ?? config.mediaType;
  return configTypes[type] ?? `an artifact of type "${type}"`;
}
