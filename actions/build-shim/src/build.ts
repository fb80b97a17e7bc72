import {
  type Annotations,
  type Artifact,
  type Digest,
  type FetchedManifest,
  formatReference,
  type Platform,
  type TargetState,
} from "@spin-publisher/oci";
import type { BaseWanted } from "./base/requested-base.ts";
import { type BaseWorld, resolveBase, resolveSpin } from "./base/resolve-base.ts";
import { type BuildxRequest, buildWithBuildx } from "./buildx/build-with-buildx.ts";
import { type Content, type ContentWanted, findContent } from "./content/find-content.ts";
import { differences } from "./differences.ts";
import { type EmbedMode, embed } from "./embed/embed.ts";
import { annotationKeys } from "./image/annotations.ts";
import { imageConfig } from "./image/image-config.ts";
import { buildShim, describe } from "./image/shim.ts";
import { type KnownLayers, knownLayers } from "./layers/known-layers.ts";

/** Who makes the image: this action, from a base image; or Buildx, from a Dockerfile. */
export type Builder =
  | { readonly kind: "append" }
  | {
      readonly kind: "buildx";
      readonly context: string;
      readonly dockerfile: string;
      readonly epoch: string;
    };

/** What a user asks for, parsed. */
export interface ShimRequest {
  readonly tag: string;
  readonly content: ContentWanted;
  readonly embed: EmbedMode;
  readonly builder: Builder;
  readonly base: BaseWanted;
  readonly platforms: readonly Platform[];
  /** Whether Spin asks the content's registry without TLS. */
  readonly plainHttp: boolean;
  /** The tag has to keep the image it has, so an existing image decides which base is used. */
  readonly immutable: boolean;
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Annotations;
  readonly created: string | undefined;
}

/** The world outside. */
export interface ShimWorld extends BaseWorld {
  /** A folder that exists until the shim is published. */
  readonly temporaryFolder: string;
}

export interface BuiltShim {
  readonly artifact: Artifact;
  /** How an existing shim differs from this one. */
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
}

/** Reads what a shim is made of, in parallel where nothing depends on anything, and makes it. */
export async function build(
  request: ShimRequest,
  state: Promise<TargetState>,
  world: ShimWorld,
): Promise<BuiltShim> {
  const [{ target, existing, previous }, content] = await Promise.all([
    state,
    findContent(request.content, world.reader),
  ]);
  world.tell(`  content: ${formatReference(content.reference)}`);
  const annotations = existing?.document.annotations;
  const pinned = request.immutable ? annotations : undefined;
  const artifact =
    request.builder.kind === "append"
      ? await append(request, content, pinned, knownLayersIn(existing, previous), world)
      : await buildx(request, request.builder, content, pinned, world);
  const read = async (digest: Digest) => {
    const reference = { ...target.repository, digest };
    const manifest = await world.reader.manifest(reference);
    return manifest === undefined ? {} : imageConfig(manifest, reference, world.reader);
  };
  return { artifact, describeDifference: (found) => differences(found, artifact, read) };
}

function knownLayersIn(
  existing: FetchedManifest | undefined,
  previous: FetchedManifest | undefined,
): KnownLayers {
  return new Map([
    ...knownLayers(previous?.document.annotations),
    ...knownLayers(existing?.document.annotations),
  ]);
}

async function append(
  request: ShimRequest,
  content: Content,
  pinned: Annotations | undefined,
  known: KnownLayers,
  world: ShimWorld,
): Promise<Artifact> {
  const [base, embedded] = await Promise.all([
    resolveBase(request.base, request.platforms, pinned, known, world),
    embed(request.embed, content, request.plainHttp, known),
  ]);
  const { tag, source, labels, annotations, created } = request;
  return buildShim({
    ...{ tag, source, labels, annotations, created, base, embedded },
    content: content.reference,
  });
}

async function buildx(
  request: ShimRequest,
  { context, dockerfile, epoch }: Builder & { kind: "buildx" },
  content: Content,
  pinned: Annotations | undefined,
  world: ShimWorld,
): Promise<Artifact> {
  const { tag, platforms, source, created, base } = request;
  if (base.kind !== "official") {
    throw new Error('Input "base-image" is for builder append; with buildx the Dockerfile names its base.');
  }
  const spinVersion = await resolveSpin(base.spin, pinned, world);
  const described = describe({ tag, source, created, content: content.reference });
  const wanted: BuildxRequest = {
    ...{ context, dockerfile, epoch, platforms, tag, spinVersion },
    content: content.reference,
    labels: { ...described, ...request.labels },
    annotations: { ...described, [annotationKeys.spin]: spinVersion, ...request.annotations },
  };
  return buildWithBuildx(wanted, world.temporaryFolder);
}
