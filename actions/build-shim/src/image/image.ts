import { isObject, type JsonObject, objectsOf, sortedByKey } from "@spin-publisher/json";
import {
  type Annotations,
  type Blob,
  blobOf,
  type Manifest,
  manifestOf,
  mediaTypes,
} from "@spin-publisher/oci";
import type { BaseImage } from "../base/base-image.ts";
import type { Start } from "../embed/container-command.ts";
import type { Layer } from "../layers/layer.ts";
import { runtimeConfig } from "./runtime-config.ts";

/** What an image says about itself. */
export interface ImageFacts {
  readonly start: Start;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Annotations;
  /** RFC 3339; the image omits it where undefined. */
  readonly created: string | undefined;
}

/** A base image with layers appended: a config and a manifest of ours around layers of both. */
export function imageOf(base: BaseImage, appended: readonly Layer[], facts: ImageFacts): Manifest {
  const layers = [...base.layers, ...appended];
  const config = blobOf(mediaTypes.config, JSON.stringify(configOf(base, appended, facts)));
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: sortedByKey(facts.annotations),
  });
  const stored = layers.flatMap(({ descriptor, source }): readonly Blob[] =>
    source === undefined ? [] : [{ descriptor, source }],
  );
  return manifestOf(
    mediaTypes.manifest,
    document,
    { blobs: [config, ...stored] },
    { platform: base.platform },
  );
}

/**
 * The base's config with our layers and settings. Everything else in it is kept, except `created`, which says when the
 * base was made.
 */
function configOf(
  base: BaseImage,
  appended: readonly Layer[],
  { start, labels, created }: ImageFacts,
): JsonObject {
  const { created: _, ...inherited } = base.config;
  const settings = isObject(inherited.config) ? inherited.config : {};
  return {
    ...inherited,
    ...(created === undefined ? {} : { created }),
    config: runtimeConfig(settings, start, labels),
    rootfs: { type: "layers", diff_ids: [...base.layers, ...appended].map(({ diffId }) => diffId) },
    history: [...historyOf(base), ...appended.map(({ createdBy }) => historyEntry(createdBy, created))],
  };
}

function historyEntry(createdBy: string | undefined, created: string | undefined): JsonObject {
  return { ...(created === undefined ? {} : { created }), created_by: createdBy };
}

/**
 * The base's history, or one entry for each of its layers where it has none that fits: entries that are not
 * empty must be as many as the layers (image-spec, config.md §history).
 */
function historyOf({ config, layers }: BaseImage): readonly JsonObject[] {
  const history = objectsOf(config.history) ?? [];
  const filled = history.filter((entry) => entry.empty_layer !== true);
  return filled.length === layers.length ? history : layers.map(() => ({ created_by: "base image" }));
}
