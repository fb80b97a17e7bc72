import {
  type Annotations,
  type Artifact,
  type Digest,
  type FetchedManifest,
  formatReference,
  type TargetState,
} from "@spin-publisher/oci";
import { type BaseDependencies, resolveBase, spinVersion } from "./base/resolve-base.ts";
import { type BuildxRequest, buildWithBuildx } from "./buildx/build-with-buildx.ts";
import { type Content, findContent } from "./content/find-content.ts";
import { embed } from "./embed/embed.ts";
import { differences } from "./image/differences.ts";
import { buildShim, describe } from "./image/shim.ts";
import type { Builder, ShimRequest } from "./inputs.ts";
import { type KnownLayers, knownLayers } from "./layers/known-layers.ts";
import { annotationKeys } from "./spec/annotations.ts";
import { imageConfig } from "./spec/image-config.ts";

/** What building a shim needs of the outside world. */
export interface Dependencies extends BaseDependencies {
  /** A folder that exists until the shim is published. */
  readonly temporaryFolder: string;
}

export interface BuiltShim {
  readonly artifact: Artifact;
  /** How an existing shim differs from this one. */
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
}

/** Reads what a shim is made of, in parallel where nothing depends on anything else, and makes it. */
export async function build(
  request: ShimRequest,
  state: Promise<TargetState>,
  dependencies: Dependencies,
): Promise<BuiltShim> {
  const { reader, log } = dependencies;
  const [{ target, existing, previous }, content] = await Promise.all([
    state,
    findContent(request.content, reader),
  ]);
  log(`  content: ${formatReference(content.reference)}`);
  const pinned = request.immutable ? existing?.document.annotations : undefined;
  const artifact =
    request.builder.kind === "append"
      ? await append(request, content, pinned, layersKnownFrom(previous, existing), dependencies)
      : await buildx(request, request.builder, content, pinned, dependencies);
  const configOf = async (digest: Digest) => {
    const reference = { ...target.repository, digest };
    const manifest = await reader.manifest(reference);
    return manifest === undefined ? {} : imageConfig(manifest, reference, reader);
  };
  return { artifact, describeDifference: (found) => differences(found, artifact, configOf) };
}

/** The layers that the indexes record; of two records of one recipe the last index wins. */
function layersKnownFrom(...indexes: readonly (FetchedManifest | undefined)[]): KnownLayers {
  return new Map(indexes.flatMap((index) => [...knownLayers(index?.document.annotations)]));
}

async function append(
  request: ShimRequest,
  content: Content,
  pinned: Annotations | undefined,
  known: KnownLayers,
  dependencies: Dependencies,
): Promise<Artifact> {
  const [base, embedded] = await Promise.all([
    resolveBase(request.base, request.platforms, pinned, known, dependencies),
    embed(request.embed, content, request.plainHttp, known),
  ]);
  const { tag, source, labels, annotations, created } = request;
  return buildShim({
    tag,
    source,
    labels,
    annotations,
    created,
    base,
    embedded,
    content: content.reference,
  });
}

async function buildx(
  request: ShimRequest,
  { context, dockerfile, epoch }: Builder & { kind: "buildx" },
  content: Content,
  pinned: Annotations | undefined,
  dependencies: Dependencies,
): Promise<Artifact> {
  const { tag, platforms, source, created, base } = request;
  if (base.kind !== "official") {
    throw new Error('Input "base-image" is for builder append; with buildx the Dockerfile names its base.');
  }
  const version = await spinVersion(base.spin, pinned, dependencies);
  const described = describe({ tag, source, created, content: content.reference });
  const buildxRequest: BuildxRequest = {
    context,
    dockerfile,
    platforms,
    tag,
    spinVersion: version,
    content: content.reference,
    epoch,
    labels: { ...described, ...request.labels },
    annotations: { ...described, [annotationKeys.spin]: version, ...request.annotations },
  };
  return buildWithBuildx(buildxRequest, dependencies.temporaryFolder);
}
