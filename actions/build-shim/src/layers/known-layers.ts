import { isObject, type JsonObject, sortedByKey } from "@spin-publisher/json";
import { type Annotations, type Digest, digestOf, isDigest, mediaTypes } from "@spin-publisher/oci";
import { annotationKeys } from "../spec/annotations.ts";
import type { Layer } from "./layer.ts";

/**
 * What a layer is made of, with every input named by digest or version: the same recipe makes the same layer. Layers
 * that are expensive to make have one.
 */
export type Recipe = string;

/** What an index records about a layer of its images, so that a later run knows its digest without making it. */
export interface KnownLayer {
  readonly digest: Digest;
  readonly size: number;
  readonly diffId: Digest;
}

export type KnownLayers = ReadonlyMap<Recipe, KnownLayer>;

/**
 * The layers that a shim's index records. They are claims of whoever wrote the index, so trust only an index in the
 * repository that is published to: whoever can write there could replace the image as well. Anything malformed counts
 * as not recorded.
 */
export function knownLayers(annotations: Annotations | undefined): KnownLayers {
  const known = new Map<Recipe, KnownLayer>();
  for (const [recipe, entry] of Object.entries(recordsIn(annotations?.[annotationKeys.layers]))) {
    const layer = knownLayer(entry);
    if (layer !== undefined) known.set(recipe, layer);
  }
  return known;
}

function recordsIn(annotation: string | undefined): JsonObject {
  try {
    const records: unknown = JSON.parse(annotation ?? "{}");
    return isObject(records) ? records : {};
  } catch {
    return {};
  }
}

function knownLayer(entry: unknown): KnownLayer | undefined {
  if (!isObject(entry)) return undefined;
  const { digest, size, diffId } = entry;
  if (typeof digest !== "string" || !isDigest(digest)) return undefined;
  if (typeof diffId !== "string" || !isDigest(diffId)) return undefined;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size <= 0) return undefined;
  return { digest, size, diffId };
}

/** The annotation that records the layers that have a recipe; empty where none has. */
export function recordOf(layers: Iterable<Layer>): Annotations {
  const records: Record<Recipe, KnownLayer> = {};
  for (const { recipe, descriptor, diffId } of layers) {
    if (recipe !== undefined) records[recipe] = { digest: descriptor.digest, size: descriptor.size, diffId };
  }
  if (Object.keys(records).length === 0) return {};
  return { [annotationKeys.layers]: JSON.stringify(sortedByKey(records)) };
}

/**
 * The layer of a recipe: as recorded where it is recorded, and then made only if the registry has lost it.
 */
export async function layerBy(
  recipe: Recipe,
  known: KnownLayers,
  createdBy: string,
  make: () => Promise<Layer>,
): Promise<Layer> {
  const recorded = known.get(recipe);
  if (recorded === undefined) return { ...(await make()), recipe, createdBy };
  const { digest, size, diffId } = recorded;
  const open = async () => bytesOf(await make(), recipe, digest);
  return {
    descriptor: { mediaType: mediaTypes.layerTarGzip, digest, size },
    diffId,
    source: { kind: "deferred", open },
    recipe,
    createdBy,
  };
}

async function bytesOf({ source }: Layer, recipe: Recipe, digest: Digest): Promise<Uint8Array> {
  if (source?.kind !== "bytes") throw new Error(`The layer "${recipe}" was not made in memory.`);
  const made = digestOf(source.bytes);
  if (made === digest) return source.bytes;
  throw new Error(
    `The registry has lost the layer ${digest} (${recipe}), and making it again gives ${made}; publish under a new tag.`,
  );
}
