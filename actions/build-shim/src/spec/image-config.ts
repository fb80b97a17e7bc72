import { type JsonObject, parseObject } from "@spin-publisher/json";
import {
  type FetchedManifest,
  formatReference,
  type Reference,
  type RegistryReader,
} from "@spin-publisher/oci";

/** In bytes. Configs have a few kilobytes; a registry cannot make us read more than this. */
const configLimit = 8 << 20;

/**
 * The config of an image (image-spec, config.md), with every property that its author gave it.
 *
 * @param reference names the image in errors; its blobs are in that repository.
 * @throws Error when the manifest is an index, or its config is missing or not a JSON object.
 */
export async function imageConfig(
  { document, descriptor }: FetchedManifest,
  reference: Reference,
  reader: RegistryReader,
): Promise<JsonObject> {
  const name = formatReference(reference);
  if (!("config" in document)) {
    throw new Error(
      `${name} contains an index, ${descriptor.digest}, where an image is expected; use another image.`,
    );
  }
  const bytes = await reader.blob(reference, document.config, configLimit);
  return parseObject(bytes, `The config ${document.config.digest} of ${name}`);
}
