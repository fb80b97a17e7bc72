import { dirname } from "node:path";
import type { Material } from "@spin-publisher/action-runtime";
import type { Location } from "@spin-publisher/errors";
import type { Fetch } from "@spin-publisher/http";
import type { Artifact, FetchedManifest, RegistryClient, TargetState } from "@spin-publisher/oci";
import { annotationsOf } from "./artifact/annotations.ts";
import { contentArtifact } from "./artifact/content-artifact.ts";
import { differencesBetween, partsToPublish } from "./comparison/differences.ts";
import { type PublishedPart, publishedParts } from "./comparison/published-parts.ts";
import { buildComponents } from "./engine/build-commands.ts";
import { chooseEngine } from "./engine/choose.ts";
import { assembleWithSpin } from "./engine/cli.ts";
import type { Execute } from "./engine/execute.ts";
import { type AssemblyContext, assemble } from "./engine/native.ts";
import { requireInside } from "./files/boundary.ts";
import type { ContentRequest } from "./inputs.ts";
import { knownArchives } from "./layers/archive.ts";
import { namingManifest } from "./manifest/error.ts";
import { locateManifest, readManifestFile } from "./manifest/read.ts";
import { requireTrigger } from "./manifest/trigger-settings.ts";
import { warningsAbout } from "./manifest/warnings.ts";
import { describeAgainst, describeContents, describeDifferences, summarise } from "./report.ts";
import type { ModuleCache } from "./sources/cache.ts";
import { materialsOf } from "./sources/materials.ts";
import { isPublished, sizeInRegistry, versionsIn } from "./sources/size-in-registry.ts";

/** Everything outside that a build looks at. */
export interface Dependencies {
  readonly fetch: Fetch;
  readonly cache: ModuleCache;
  readonly client: RegistryClient;
  readonly state: Promise<TargetState>;
  /** For other programs: `spin`, build commands. */
  readonly environment: NodeJS.ProcessEnv;
  readonly execute: Execute;
  /** A folder for archives until they are published. */
  readonly temporaryFolder: string;
  readonly log: (line: string) => void;
  readonly warn: (message: string, location: Location) => void;
}

export interface BuiltContent {
  readonly artifact: Artifact;
  readonly materials: readonly Material[];
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
  readonly outputs: { readonly "build-id": string };
  /** Compare with the version before, which is read while this one is published. */
  readonly changes: Promise<readonly string[]>;
  readonly summary: Promise<string>;
}

/**
 * Builds the artifact of an application. Nothing is written but what its build commands write, modules in the cache and
 * archives in the temporary folder.
 *
 * @throws Error in one sentence, with the manifest's line where a line of it is to blame.
 */
export async function buildContent(
  request: ContentRequest,
  dependencies: Dependencies,
): Promise<BuiltContent> {
  const { client, state, environment, execute, log, warn } = dependencies;
  const { repository } = request;
  const manifest = await locateManifest(request.manifest);
  const boundaries = [request.workspace, request.temporaryRoot];
  await requireInside(manifest, boundaries);
  return namingManifest(manifest, async () => {
    const application = await readManifestFile(manifest, request.profile);
    requireTrigger(application);
    const engine = chooseEngine(request.engine, application);
    const folder = dirname(manifest);
    const programs = { folder, environment, execute, log };
    if (request.build) await buildComponents(application, programs);

    const context: AssemblyContext = {
      fetch: dependencies.fetch,
      cache: dependencies.cache,
      sizeInRegistry: (digest) => sizeInRegistry(digest, repository, state, client),
      isPublished: (digest) => isPublished(digest, state),
      folder,
      boundaries,
      workspace: request.workspace,
      built: request.build,
      allowEmptyFiles: request.allowEmptyFiles,
      allowLfsPointers: request.allowLfsPointers,
    };
    const assembled =
      engine === "native"
        ? await assemble(application, context)
        : await assembleWithSpin(application, { ...context, ...programs, manifest });
    for (const { line, text } of [...warningsAbout(application), ...assembled.warnings])
      warn(`${manifest}:${line}: ${text}.`, { file: manifest, line });

    const { app, layers } = assembled;
    const artifact = await contentArtifact(app, layers, {
      mode: request.layers,
      archives: { folder: dependencies.temporaryFolder, known: knownArchives(versionsIn(await state)) },
      annotations: annotationsOf(application, request.annotations),
    });
    const parts = partsToPublish(app, layers);
    const content = { artifact, parts, modules: layers.length };
    log(`  ${describeContents(content)}`);
    const published = (version: FetchedManifest) => publishedParts(client, repository, version);
    // What cannot be read any more must not fail a publication that is under way.
    const differences = partsBefore(await state, artifact, parts, published)
      .then((before) => before && differencesBetween(before, parts))
      .catch(() => undefined);
    return {
      artifact,
      materials: materialsOf(application),
      outputs: { "build-id": request.tag },
      describeDifference: async (existing) =>
        describeAgainst(existing, await published(existing), artifact, parts),
      changes: differences.then((found) => describeDifferences(found ?? [], 100)),
      summary: differences.then((found) => summarise(content, found)),
    };
  });
}

/** What the version before consists of; undefined where there is none, or it cannot be read. */
async function partsBefore(
  { previous }: TargetState,
  { root }: Artifact,
  parts: readonly PublishedPart[],
  published: (version: FetchedManifest) => Promise<readonly PublishedPart[] | undefined>,
): Promise<readonly PublishedPart[] | undefined> {
  if (previous?.descriptor.digest === root.descriptor.digest) return parts;
  return previous && published(previous);
}
