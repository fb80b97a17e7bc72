import { isObject } from "@spin-publisher/json";
import { type Digest, isDigest, mediaTypes } from "@spin-publisher/oci";

/** What the registry reads out of a manifest or index. Its bytes are stored as they came. */
export interface ManifestDocument {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Digest;
  /** Config and layers, without those that are by their type never in the registry (non-distributable). */
  readonly blobs: readonly Digest[];
  readonly children: readonly Digest[];
}

/** Why a document is not accepted as a manifest. */
export class ManifestInvalid extends Error {}

const indexTypes: ReadonlySet<string> = new Set([mediaTypes.index, mediaTypes.dockerManifestList]);
const manifestTypes: ReadonlySet<string> = new Set([mediaTypes.manifest, mediaTypes.dockerManifest]);

export function isManifestType(mediaType: string): boolean {
  return indexTypes.has(mediaType) || manifestTypes.has(mediaType);
}

export function isDockerType(mediaType: string): boolean {
  return mediaType === mediaTypes.dockerManifest || mediaType === mediaTypes.dockerManifestList;
}

/**
 * Parses a manifest or index of the given media type (image-spec, manifest.md and image-index.md).
 *
 * @throws ManifestInvalid saying what is wrong with it.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): ManifestDocument {
  const document = jsonObject(bytes);
  const { schemaVersion, mediaType: declared, artifactType, annotations, subject } = document;
  if (declared !== undefined && declared !== mediaType) {
    throw new ManifestInvalid(
      `its mediaType is ${JSON.stringify(declared)}, but it was sent as ${mediaType}`,
    );
  }
  if (schemaVersion !== 2) throw new ManifestInvalid("its schemaVersion is not 2");
  const isIndex = indexTypes.has(mediaType);
  const config = isIndex ? undefined : descriptor(document.config, "config");
  const type = typeof artifactType === "string" && artifactType !== "" ? artifactType : config?.mediaType;
  return {
    mediaType,
    ...(type === undefined ? {} : { artifactType: type }),
    ...(isObject(annotations) ? { annotations: strings(annotations) } : {}),
    ...(subject === undefined ? {} : { subject: descriptor(subject, "subject").digest }),
    blobs: (config === undefined ? [] : [config, ...descriptors(document, "layers")])
      .filter(({ mediaType }) => !/nondistributable|foreign/.test(mediaType))
      .map(({ digest }) => digest),
    children: isIndex ? descriptors(document, "manifests").map(({ digest }) => digest) : [],
  };
}

/** @throws ManifestInvalid when `bytes` are not a JSON object. */
export function jsonObject(bytes: Uint8Array): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ManifestInvalid("it is not JSON", { cause });
  }
  if (!isObject(document)) throw new ManifestInvalid("it is not a JSON object");
  return document;
}

function descriptors(document: Record<string, unknown>, property: string) {
  const list = document[property];
  if (!Array.isArray(list)) throw new ManifestInvalid(`its ${property} are not a list`);
  return list.map((entry: unknown, position) => descriptor(entry, `${property}[${position}]`));
}

function descriptor(value: unknown, where: string): { readonly mediaType: string; readonly digest: Digest } {
  if (!isObject(value)) throw new ManifestInvalid(`its ${where} is not a descriptor`);
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== "string") throw new ManifestInvalid(`its ${where} has no mediaType`);
  if (typeof digest !== "string" || !isDigest(digest)) {
    throw new ManifestInvalid(`its ${where} has no legal digest`);
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw new ManifestInvalid(`its ${where} has no legal size`);
  }
  return { mediaType, digest };
}

function strings(value: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(value);
  if (entries.some(([, text]) => typeof text !== "string")) {
    throw new ManifestInvalid("its annotations are not all strings");
  }
  return Object.fromEntries(entries.map(([key, text]) => [key, String(text)]));
}
