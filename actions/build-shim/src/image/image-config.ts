import { type JsonObject, parseObject } from "@spin-publisher/json";
import {
  type FetchedManifest,
  formatReference,
  type Reference,
  type RegistryReader,
} from "@spin-publisher/oci";

/** An image config is some kilobytes; a registry cannot make us read more than this. */
const configLimit = 8 << 20;

/**
 * The config of an image (image-spec, config.md), with whatever properties its author gave it.
 *
 * @param reference how errors call the image, and where its blobs are.
 * @throws Error when the manifest is an index, or its config is missing or no JSON object.
 */
export async function imageConfig(
  { document, descriptor }: FetchedManifest,
  reference: Reference,
  reader: RegistryReader,
): Promise<JsonObject> {
  const name = formatReference(reference);
  if (!("config" in document)) {
    throw new Error(
      `${name} nests an index, ${descriptor.digest}, where an image is wanted; name another image.`,
    );
  }
  const bytes = await reader.blob(reference, document.config, configLimit);
  return parseObject(bytes, `The config ${document.config.digest} of ${name}`);
}
