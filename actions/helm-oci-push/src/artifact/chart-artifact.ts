import {
  type Annotations,
  type Artifact,
  blobOf,
  type Descriptor,
  manifestOf,
  mediaTypes,
} from "@spin-publisher/oci";
import { chartMediaTypes } from "../chart/media-types.ts";
import { type ChartMetadata, metadataJson } from "../chart/metadata.ts";
import { sortedMap, withoutEmpty, writeGoJson } from "../yaml/go-json.ts";
import type { JsonMap, JsonValue } from "../yaml/value.ts";

/** What the manifest says in addition to Chart.yaml. */
export interface ChartRecord {
  /** Address of the source code, where Chart.yaml has none: ghcr.io links the package to it. */
  readonly source: string;
  /** RFC 3339; undefined unless SOURCE_DATE_EPOCH is set. */
  readonly created: string | undefined;
  /** The user's own; they win over all others. */
  readonly annotations: Annotations;
}

/** The artifact that `helm push` makes of a packaged chart: same config, same manifest, same order of their keys. */
export function chartArtifact(metadata: ChartMetadata, archive: Uint8Array, record: ChartRecord): Artifact {
  const config = blobOf(chartMediaTypes.config, writeGoJson(metadataJson(metadata)));
  const layer = blobOf(chartMediaTypes.content[0], archive);
  const annotations = { ...chartAnnotations(metadata, record), ...record.annotations };
  const manifest = manifestJson(config.descriptor, [layer.descriptor], annotations);
  return { root: manifestOf(mediaTypes.manifest, manifest, { blobs: [config, layer] }) };
}

/**
 * The manifest as Helm writes it: without `mediaType` and `artifactType`, layers by their digests, annotations by their
 * keys.
 */
export function manifestJson(
  config: Descriptor,
  layers: readonly Descriptor[],
  annotations: Annotations,
): string {
  const sorted = layers.toSorted((left, right) => (left.digest < right.digest ? -1 : 1));
  return writeGoJson(
    new Map<string, JsonValue>([
      ["schemaVersion", 2],
      ["config", descriptorJson(config)],
      ["layers", sorted.map(descriptorJson)],
      ["annotations", sortedMap(new Map(Object.entries(annotations)))],
    ]),
  );
}

const prefix = "org.opencontainers.image.";
/** What a chart's own annotations cannot override. */
const identity = new Set([`${prefix}title`, `${prefix}version`]);

function chartAnnotations(metadata: ChartMetadata, { source, created }: ChartRecord): Annotations {
  const inferred = {
    description: metadata.description,
    title: metadata.name,
    version: metadata.version,
    url: metadata.home,
    created: created ?? "",
    source: metadata.sources[0] ?? source,
    authors: metadata.maintainers
      .map(({ name, email }) => name + (email === "" ? "" : ` (${email})`))
      .join(", "),
  };
  return {
    ...Object.fromEntries(
      Object.entries(inferred).flatMap(([key, value]) =>
        value.trim() === "" ? [] : [[prefix + key, value]],
      ),
    ),
    ...Object.fromEntries([...metadata.annotations].filter(([key]) => !identity.has(key))),
  };
}

function descriptorJson({ mediaType, digest, size }: Descriptor): JsonMap {
  return withoutEmpty([
    ["mediaType", mediaType],
    ["digest", digest],
    ["size", size],
  ]);
}
