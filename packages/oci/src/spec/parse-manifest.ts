import { isObject, type JsonObject } from "@spin-publisher/json";
import { isDigest } from "./digest.ts";
import type { Annotations, Descriptor, ImageIndex, ImageManifest, Platform } from "./image-spec.ts";
import { mediaTypes } from "./image-spec.ts";

/** distribution-spec §Pushing Manifests: registries take at least 4 MiB, and no client should expect more. */
export const manifestLimit = 4 << 20;

const indexTypes: readonly string[] = [mediaTypes.index, mediaTypes.dockerManifestList];
const manifestTypes: readonly string[] = [mediaTypes.manifest, mediaTypes.dockerManifest];

/** Every type of document we read. */
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
 * Parses a manifest or index, OCI's or Docker's. Unknown properties are omitted from the result.
 *
 * @param declared the media type it was found under, without parameters.
 * @throws Error naming `what` and where it violates image-spec. A document that could be read as both a manifest and an
 *   index is refused (image-spec, manifest.md; CVE-2021-41190).
 */
export function parseManifestDocument(
  bytes: Uint8Array,
  declared: string | undefined,
  what: string,
): { readonly mediaType: string; readonly document: ImageManifest | ImageIndex } {
  const fields = object(parseJson(bytes, what), what);
  const mediaType = typeof fields.mediaType === "string" ? fields.mediaType : declared;
  const known = declared !== undefined && [...indexTypes, ...manifestTypes].includes(declared);
  if (known && mediaType !== declared)
    throw invalid(what, `it is served as ${declared}, but its mediaType is ${mediaType}`);
  if (fields.schemaVersion !== 2) throw invalid(what, "its schemaVersion is not 2");
  if (mediaType === undefined) throw invalid(what, "it has no media type");
  const annotations = annotationsOf(fields.annotations, what);
  const artifactType = optionalText(fields.artifactType);
  const common = {
    schemaVersion: 2,
    mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  } as const;
  if (isIndexType(mediaType)) {
    if ("layers" in fields || "config" in fields) throw invalid(what, "it is both an index and a manifest");
    return { mediaType, document: { ...common, manifests: descriptors(fields.manifests, what) } };
  }
  if (!manifestTypes.includes(mediaType))
    throw invalid(what, `${mediaType} is neither an image manifest nor an index`);
  if ("manifests" in fields) throw invalid(what, "it is both an index and a manifest");
  const config = descriptor(fields.config, what);
  return { mediaType, document: { ...common, config, layers: descriptors(fields.layers, what) } };
}

function descriptors(value: unknown, what: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw invalid(what, "expected a list of descriptors");
  return value.map((entry: unknown) => descriptor(entry, what));
}

function descriptor(value: unknown, what: string): Descriptor {
  const fields = object(value, what);
  const { mediaType, digest, size } = fields;
  const sized = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
  if (typeof mediaType !== "string" || typeof digest !== "string" || !isDigest(digest) || !sized) {
    throw invalid(what, "a descriptor must have a mediaType, a digest and a size");
  }
  const annotations = annotationsOf(fields.annotations, what);
  const platform = platformOf(fields.platform, what);
  const artifactType = optionalText(fields.artifactType);
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
  const { os, architecture, ...others } = object(value, what);
  const variant = optionalText(others.variant);
  if (typeof os !== "string" || typeof architecture !== "string")
    throw invalid(what, "a platform must have an os and an architecture");
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

function annotationsOf(value: unknown, what: string): Annotations | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = Object.entries(object(value, what)).map(([key, text]): [string, string] => {
    if (typeof text !== "string") throw invalid(what, `the annotation ${key} is not a string`);
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

function object(value: unknown, what: string): JsonObject {
  if (isObject(value)) return value;
  throw invalid(what, "expected a JSON object");
}

function invalid(what: string, reason: string): Error {
  return new Error(`The manifest of ${what} is not valid: ${reason}.`);
}
