import {
  type Digest,
  formatReference,
  parseReference,
  type Reference,
  type RegistryReader,
} from "@spin-publisher/oci";
import { chartMediaTypes } from "../chart/media-types.ts";

const packageLimit = 32 * 1024 * 1024;

/** A packaged chart from a registry, with the manifest that it was found through. */
export interface RegistryChart {
  readonly bytes: Uint8Array;
  readonly reference: string;
  readonly digest: Digest;
}

/** The reference of a version of a chart: the chart's name is appended to `repository`, `+` becomes `_` in the tag. */
export function chartReference(repository: string, name: string, version: string): Reference {
  const base = repository.replace(/^oci:\/\//, "").replace(/\/+$/, "");
  try {
    return parseReference(`${base}/${name}:${version.replaceAll("+", "_")}`);
  } catch (cause) {
    throw new Error(
      `The dependency ${name} ${version} cannot be looked up at "${repository}"; write oci://host/path, without the chart's name and without a tag.`,
      { cause },
    );
  }
}

/**
 * Fetches a packaged chart from a registry.
 *
 * @throws Error when the tag does not exist, or holds something that is not a Helm chart.
 */
export async function fetchFromRegistry(
  reference: Reference,
  reader: RegistryReader,
): Promise<RegistryChart> {
  const written = formatReference(reference);
  const manifest = await reader.manifest(reference);
  if (manifest === undefined) {
    throw new Error(
      `The chart ${written} does not exist or is private; check "repository" and "version" in Chart.yaml, and log in to ${reference.registry} before this step if it is private.`,
    );
  }
  const layers = "layers" in manifest.document ? manifest.document.layers : [];
  const layer = chartMediaTypes.content
    .map((type) => layers.find(({ mediaType }) => mediaType === type))
    .find(Boolean);
  if (layer === undefined) {
    throw new Error(`${written} is not a Helm chart: it has no layer of type ${chartMediaTypes.content[0]}.`);
  }
  const bytes = await reader.blob(reference, layer, packageLimit);
  return { bytes, reference: written, digest: manifest.descriptor.digest };
}
