import { createFetch } from "@spin-publisher/http";
import {
  type Artifact,
  createRegistryClient,
  inspectTarget,
  type PublishReport,
  publish,
} from "@spin-publisher/oci";
import { type BuiltContent, buildContent, type Dependencies } from "../src/build.ts";
import { execute } from "../src/engine/execute.ts";
import type { ContentRequest } from "../src/inputs.ts";
import { createModuleCache } from "../src/sources/cache.ts";
import { project } from "./project.ts";

export interface Building {
  readonly request?: Partial<ContentRequest>;
  readonly dependencies?: Partial<Dependencies>;
  readonly tag?: string;
  readonly aliases?: readonly string[];
}

/** A registry that nobody answers for; good enough where nothing is asked. */
const nowhere = { registry: "127.0.0.1:1", name: "site/content" };

/** Builds the application in `folder` as the action does. */
export async function built(
  folder: string,
  { request, dependencies, tag = "1", aliases = [] }: Building = {},
): Promise<BuiltContent> {
  const repository = request?.repository ?? nowhere;
  const target = { repository, tag, aliases };
  const temporaryFolder = await project();
  return buildContent(
    {
      ...{
        manifest: folder,
        layers: "auto",
        engine: "auto",
        build: false,
        insecure: false,
        workspace: folder,
        temporaryRoot: temporaryFolder,
        allowEmptyFiles: false,
        allowLfsPointers: false,
        repository,
        tag,
      },
      annotations: { explicit: {} },
      ...request,
    },
    {
      temporaryFolder,
      execute,
      environment: {},
      fetch: createFetch(),
      client: createRegistryClient(),
      state: Promise.resolve({ target, existing: undefined, aliases: new Map(), previous: undefined }),
      cache: createModuleCache(temporaryFolder),
      log: () => {},
      warn: () => {},
      ...dependencies,
    },
  );
}

export const digestOfArtifact = ({ root }: Artifact): string => root.descriptor.digest;

/** Builds and publishes to a registry, as the action does. */
export async function published(
  folder: string,
  repository: ContentRequest["repository"],
  options: Building = {},
): Promise<BuiltContent & { readonly report: PublishReport }> {
  const { tag = "1", aliases = [] } = options;
  const client = createRegistryClient();
  const state = await inspectTarget(client, { repository, tag, aliases });
  const content = await built(folder, {
    ...options,
    request: { ...options.request, repository },
    dependencies: { client, state: Promise.resolve(state), ...options.dependencies },
  });
  const { describeDifference } = content;
  return {
    ...content,
    report: await publish(client, content.artifact, state, { immutable: true, describeDifference }),
  };
}
