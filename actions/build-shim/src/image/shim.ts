import { sortedByKey } from "@spin-publisher/json";
import {
  type Annotations,
  type Artifact,
  type Digest,
  formatReference,
  type Manifest,
  manifestOf,
  mediaTypes,
  type Platform,
} from "@spin-publisher/oci";
import type { Base } from "../base/base-image.ts";
import type { ContentReference } from "../content/requested-content.ts";
import type { Embedded } from "../embed/embed.ts";
import { recordOf } from "../layers/known-layers.ts";
import { annotationKeys, describe } from "../spec/annotations.ts";
import { formatPlatform } from "../spec/platforms.ts";
import { envVarsLayer } from "./env-vars.ts";
import { imageOf } from "./image.ts";

/** Everything that a shim is made of; nothing in it comes from a clock. */
export interface ShimInput {
  /** The tag it is published under; its `BUILD_ID`. */
  readonly tag: string;
  /** The content it runs, with digest. */
  readonly content: ContentReference;
  readonly base: Base;
  /** Layers between the base and `/env.vars`, and the command that starts Spin. */
  readonly embedded: Embedded;
  /** Where the source code is, `https://github.com/owner/repository`: ghcr.io links a package to it. */
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The user's; they win over ours. */
  readonly annotations: Annotations;
  readonly created: string | undefined;
  /** Recorded for the next release; empty where there is nothing to record. */
  readonly baseRecord: Annotations;
}

/** Overlay file systems of container runtimes take no more layers than these (moby/moby, layer/layer.go). */
const mostLayers = 125;

/** An index of one image for each platform: base, layers in between, `/env.vars`, and the command to start Spin. */
export async function buildShim(input: ShimInput): Promise<Artifact> {
  const { tag, base, embedded, annotations } = input;
  const content = formatReference(input.content);
  const described = describe({ ...input, content });
  const variables = {
    BUILD_ID: tag,
    CONTENT: content,
    ...(base.name === undefined ? {} : { BASE_IMAGE: `${base.name}@${base.digest}` }),
    ...(base.spin === undefined ? {} : { SPIN_VERSION: base.spin }),
  };
  const release = await envVarsLayer(variables);
  requireFewLayers(base, embedded.layers.length + 1);
  const children = base.images.map((image) =>
    imageOf(image, [...embedded.layers, release], {
      start: embedded.start,
      labels: { ...described, ...input.labels },
      annotations: { ...described, ...baseAnnotations(base.name, image.digest), ...annotations },
      created: input.created,
    }),
  );
  const root = indexOf(children, {
    ...described,
    ...baseAnnotations(base.name, base.digest),
    ...(base.spin === undefined ? {} : { [annotationKeys.spin]: base.spin }),
    ...input.baseRecord,
    ...recordOf([...base.images.flatMap(({ layers }) => layers), ...embedded.layers]),
    ...annotations,
  });
  return { root };
}

/** The digest of each platform's image, as in the output `platforms`. */
export function platformDigests(
  { root }: Artifact,
  platforms: readonly Platform[],
): Readonly<Record<string, Digest>> {
  const [only] = platforms;
  // Buildx makes no index for one platform.
  if (root.children.length === 0 && only !== undefined)
    return { [formatPlatform(only)]: root.descriptor.digest };
  return Object.fromEntries(
    root.children.flatMap(({ descriptor: { platform, digest } }) =>
      platform === undefined ? [] : [[formatPlatform(platform), digest]],
    ),
  );
}

function requireFewLayers({ name, images }: Base, added: number): void {
  const count = Math.max(...images.map(({ layers }) => layers.length)) + added;
  if (count <= mostLayers) return;
  throw new Error(
    `The image would have ${count} layers, and containers start with at most ${mostLayers}; squash the layers of the base image ${name}.`,
  );
}

/** image-spec, annotations.md: `base.digest` is the immediate base, so an image names an image and an index an index. */
function baseAnnotations(name: string | undefined, digest: Digest | undefined): Annotations {
  if (name === undefined || digest === undefined) return {};
  return { [annotationKeys.baseDigest]: digest, [annotationKeys.baseName]: name };
}

function indexOf(children: readonly Manifest[], annotations: Annotations): Manifest {
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: children.map(({ descriptor: { mediaType, digest, size, platform } }) => ({
      mediaType,
      digest,
      size,
      platform,
    })),
    annotations: sortedByKey(annotations),
  });
  return manifestOf(mediaTypes.index, document, { children });
}
