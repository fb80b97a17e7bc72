import { dirname } from "node:path";
import { type Fetch, isLoopback } from "@spin-publisher/http";
import {
  type Artifact,
  blobSize,
  type Digest,
  type FetchedManifest,
  formatReference,
  type RegistryClient,
  type Repository,
  type TargetState,
} from "@spin-publisher/oci";
import { type AnnotationContext, annotationsOf } from "./annotations.ts";
import { contentArtifact } from "./artifact.ts";
import { differencesBetween, partsToPublish } from "./differences.ts";
import { buildComponents } from "./engine/build.ts";
import { chooseEngine, type Engine } from "./engine/choose.ts";
import { assembleWithSpin } from "./engine/cli.ts";
import type { Execute } from "./engine/execute.ts";
import { assemble } from "./engine/native.ts";
import { knownArchives } from "./layers/archive.ts";
import type { LayerMode } from "./layers/layers.ts";
import { namingManifest } from "./manifest/error.ts";
import { locateManifest, readManifestFile, requireInWorkspace } from "./manifest/read.ts";
import { warningsAbout } from "./manifest/warnings.ts";
import { type PublishedPart, publishedParts } from "./published.ts";
import { count, describeDifferences, summarise } from "./report.ts";
import type { ModuleCache } from "./sources/cache.ts";
import type { SourceContext } from "./sources/resolve.ts";

export interface ContentRequest {
  /** A manifest or its folder. */
  readonly manifest: string;
  readonly profile?: string;
  readonly layers: LayerMode;
  readonly engine: Engine;
  /** Run the components' build commands first. */
  readonly build: boolean;
  readonly repository: Repository;
  readonly insecure: boolean;
  readonly annotations: AnnotationContext;
  /** What the manifest, its folder and the sources of components must lie in: the checkout. */
  readonly workspace: string;
}

/** Everything outside that a build looks at. */
export interface ContentWorld {
  readonly fetch: Fetch;
  readonly cache: ModuleCache;
  readonly client: RegistryClient;
  readonly state: Promise<TargetState>;
  /** For other programs: `spin`, build commands. */
  readonly env: NodeJS.ProcessEnv;
  readonly execute: Execute;
  /** A folder for archives until they are published. */
  readonly scratch: string;
  readonly tell: (line: string) => void;
  readonly warn: (line: string) => void;
}

export interface BuiltContent {
  readonly artifact: Artifact;
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
  /** Compares with the version before, which is read while this one is published. */
  readonly summary: Promise<string>;
}

/**
 * Builds the artifact of an application. Nothing is written but what its build commands write, modules in the cache and
 * archives in the scratch folder.
 */
export async function buildContent(request: ContentRequest, world: ContentWorld): Promise<BuiltContent> {
  const path = await locateManifest(request.manifest);
  await requireInWorkspace(path, request.workspace);
  return namingManifest(path, async () => {
    const application = await readManifestFile(path, request.profile);
    const engine = chooseEngine(request.engine, application);
    const { tell, env, execute } = world;
    const folder = dirname(path);
    if (request.build) await buildComponents(application, { folder, env, execute, tell });
    const sources: SourceContext = {
      fetch: world.fetch,
      cache: world.cache,
      sizeInRegistry: (digest) => sizeInRegistry(digest, request.repository, world),
      folder,
      boundary: request.workspace,
    };
    const { app, layers, warnings } = await (engine === "native"
      ? assemble(application, sources)
      : assembleWithSpin(application, { ...sources, manifest: path, env, execute, tell }));
    for (const warning of [...warningsAbout(application), ...warnings]) world.warn(`${path}: ${warning}.`);
    const annotations = annotationsOf(application, request.annotations);
    const artifact = await contentArtifact(app, layers, {
      mode: request.layers,
      archives: { folder: world.scratch, known: knownArchives(versionsIn(await world.state)) },
      annotations,
    });
    const parts = partsToPublish(app, layers);
    tell(
      `  ${count(application.components.length, "component")}, ${count(parts.length - layers.length, "file")}, ${count(artifact.root.blobs.length - 1, "layer")}`,
    );
    return {
      artifact,
      describeDifference: (existing) => describeAgainst(existing, artifact, parts, request, world),
      summary: summaryOf(artifact, parts, layers.length, request, world),
    };
  });
}

/** The versions that are known. */
function versionsIn({ existing, previous, aliases }: TargetState): readonly FetchedManifest[] {
  return [existing, previous, ...aliases.values()].filter((manifest) => manifest !== undefined);
}

/**
 * Manifests that were read anyway may say it; otherwise the registry is asked. A registry that does not answer is not
 * known to have anything: what is wrong with it shows where it is needed.
 */
async function sizeInRegistry(
  digest: Digest,
  repository: Repository,
  { state, client }: ContentWorld,
): Promise<number | undefined> {
  const versions = await state.then(versionsIn, () => undefined);
  if (versions === undefined) return undefined;
  const layers = versions.flatMap(({ document }) => ("layers" in document ? document.layers : []));
  const known = layers.find((layer) => layer.digest === digest);
  return known?.size ?? blobSize(client, repository, digest).catch(() => undefined);
}

async function summaryOf(
  { root }: Artifact,
  parts: readonly PublishedPart[],
  modules: number,
  { repository, insecure }: ContentRequest,
  { state, client }: ContentWorld,
): Promise<string> {
  const { digest } = root.descriptor;
  const { previous } = await state;
  const before =
    previous?.descriptor.digest === digest
      ? parts
      : previous && (await publishedParts(client, repository, previous));
  return summarise({
    reference: formatReference({ ...repository, digest }),
    plainHttp: insecure || isLoopback(repository.registry),
    ...{ parts, modules },
    layers: root.blobs.length - 1,
    differences: before && differencesBetween(before, parts),
  });
}

/** What is different in a version that a tag points at already. */
async function describeAgainst(
  existing: FetchedManifest,
  { root }: Artifact,
  parts: readonly PublishedPart[],
  { repository }: ContentRequest,
  { client }: ContentWorld,
): Promise<readonly string[]> {
  const before = await publishedParts(client, repository, existing);
  if (before === undefined) return ["what is there is not a Spin application"];
  const lines = describeDifferences(differencesBetween(before, parts));
  if (lines.length > 0) return lines;
  const lockedApp = root.blobs.at(-1)?.descriptor.digest;
  const known =
    "layers" in existing.document && existing.document.layers.some(({ digest }) => digest === lockedApp);
  return [
    known
      ? "annotations, or how files are bundled in layers"
      : "settings in the manifest; all files are the same",
  ];
}
