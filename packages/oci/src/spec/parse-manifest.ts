import { isDigest } from "./digest.ts";
import type { Annotations, Descriptor, ImageIndex, ImageManifest, Platform } from "./image-spec.ts";
import { mediaTypes } from "./image-spec.ts";

/** distribution-spec §Pushing Manifests: registries take at least 4 MiB, and no client should expect more. */
export const manifestLimit = 4 << 20;

const indexTypes: readonly string[] = [mediaTypes.index, mediaTypes.dockerManifestList];
const manifestTypes: readonly string[] = [mediaTypes.manifest, mediaTypes.dockerManifest];

/** Every type of document that we read. */
export const acceptedTypes = [...indexTypes, ...manifestTypes].join(", ");

/** Whether a document of this media type lists manifests rather than layers. */
export function isIndexType(mediaType: string): boolean {
  return indexTypes.includes(mediaType);
}

/** The manifests of an index; undefined for a manifest. */
export function childrenOf(document: ImageManifest | ImageIndex): readonly Descriptor[] | undefined {
  return "manifests" in document ? document.manifests : undefined;
}

/**
 * Parses a manifest or index, OCI's or Docker's. Properties that we do not know are left out of the result; the bytes
 * keep them.
 *
 * @param declared the media type that it was found under, without parameters.
 * @throws Error saying what about `what` is not as image-spec demands. A document that could be read as both a
 *   manifest and an index is refused (image-spec, manifest.md; CVE-2021-41190).
 */
export function parseManifestDocument(
  bytes: Uint8Array,
  declared: string | undefined,
  what: string,
): { readonly mediaType: string; readonly document: ImageManifest | ImageIndex } {
  const fields = record(parseJson(bytes, what), what);
  const inside = fields.get("mediaType");
  const mediaType = typeof inside === "string" ? inside : declared;
  const known = declared !== undefined && [...indexTypes, ...manifestTypes].includes(declared);
  if (known && mediaType !== declared)
    throw invalid(what, `it is served as ${declared} but calls itself ${mediaType}`);
  if (fields.get("schemaVersion") !== 2) throw invalid(what, "its schemaVersion is not 2");
  if (mediaType === undefined) throw invalid(what, "it has no media type");
  const annotations = annotationsOf(fields.get("annotations"), what);
  const artifactType = optionalText(fields.get("artifactType"));
  const common = {
    schemaVersion: 2,
    mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  } as const;
  if (isIndexType(mediaType)) {
    if (fields.has("layers") || fields.has("config"))
      throw invalid(what, "it is an index and a manifest at once");
    return { mediaType, document: { ...common, manifests: descriptors(fields.get("manifests"), what) } };
  }
  if (!manifestTypes.includes(mediaType))
    throw invalid(what, `${mediaType} is neither an image manifest nor an index`);
  if (fields.has("manifests")) throw invalid(what, "it is an index and a manifest at once");
  const config = descriptor(fields.get("config"), what);
  return { mediaType, document: { ...common, config, layers: descriptors(fields.get("layers"), what) } };
}

function descriptors(value: unknown, what: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw invalid(what, "a list of descriptors is missing");
  return value.map((entry: unknown) => descriptor(entry, what));
}

function descriptor(value: unknown, what: string): Descriptor {
  const fields = record(value, what);
  const mediaType = fields.get("mediaType");
  const digest = fields.get("digest");
  const size = fields.get("size");
  const sized = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
  if (typeof mediaType !== "string" || typeof digest !== "string" || !isDigest(digest) || !sized) {
    throw invalid(what, "a descriptor lacks a media type, a digest or a size");
  }
  const annotations = annotationsOf(fields.get("annotations"), what);
  const platform = platformOf(fields.get("platform"), what);
  const artifactType = optionalText(fields.get("artifactType"));
  return {
    mediaType,
    digest,
    size,
    ...(annotations === undefined ? {} : { annotations }),
    ...(platform === undefined ? {} : { platform }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

function platformOf(value: unknown, what: string): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = record(value, what);
  const os = fields.get("os");
  const architecture = fields.get("architecture");
  const variant = optionalText(fields.get("variant"));
  if (typeof os !== "string" || typeof architecture !== "string")
    throw invalid(what, "a platform lacks its names");
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

function annotationsOf(value: unknown, what: string): Annotations | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = [...record(value, what)].map(([key, text]): [string, string] => {
    if (typeof text !== "string") throw invalid(what, `the annotation ${key} is not a text`);
    return [key, text];
  });
  return Object.fromEntries(entries);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error(`The manifest of ${what} is not valid: it is not JSON.`, { cause: error });
  }
}

function record(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(what, "it is no JSON object, or lacks one");
  return new Map<string, unknown>(Object.entries(value));
}

function invalid(what: string, reason: string): Error {
  return new Error(`The manifest of ${what} is not valid: ${reason}.`);
}
