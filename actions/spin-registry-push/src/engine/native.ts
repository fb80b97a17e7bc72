import type { LockedApp } from "@spin-publisher/spin-artifact";
import pLimit from "p-limit";
import { openApplicationFolder } from "../files/boundary.ts";
import { type CollectedFile, type CollectOptions, collectFiles } from "../files/collect.ts";
import type { Content } from "../files/content.ts";
import { createHasher, type PreparedFile, prepareFiles } from "../files/prepare.ts";
import type { LayerSource } from "../layers/layer-source.ts";
import { lockApplication, type PreparedComponent } from "../locked-app/lock.ts";
import type { Application, Component } from "../manifest/model.ts";
import type { ManifestWarning } from "../manifest/warnings.ts";
import { requireLoadable } from "../sources/require-loadable.ts";
import { resolveSource, type SourceContext } from "../sources/resolve.ts";

/** An application, ready to become an artifact. */
export interface AssembledApp {
  readonly app: LockedApp;
  /** By component, in the order of the locked application. */
  readonly layers: readonly LayerSource[];
  readonly warnings: readonly ManifestWarning[];
}

/** What decides which files are published. */
export interface FilesContext extends CollectOptions {
  /** The application folder. */
  readonly folder: string;
  /** The checkout. */
  readonly workspace: string;
  /** Whether files that Git LFS did not fetch are published as the pointers that they are. */
  readonly allowLfsPointers: boolean;
}

/** What both engines need to know. */
export type AssemblyContext = SourceContext & FilesContext;

/**
 * Assembles an application without Spin. Modules that are not components are published as they are: readers
 * convert them when they load them, as they had to before Spin 3.2 converted them on publishing.
 */
export async function assemble(application: Application, context: AssemblyContext): Promise<AssembledApp> {
  const sources = modulesOf(application, context);
  sources.catch(() => {}); // awaited below, after the files, whose mistakes are shown first
  const { byComponent, warnings } = await prepareAllFiles(application, context);
  const modules = await sources;
  const components = application.components.flatMap((component, index): readonly PreparedComponent[] => {
    const source = modules[index];
    return source === undefined ? [] : [{ component, source, files: byComponent[index] ?? [] }];
  });
  return {
    app: lockApplication(application, components),
    layers: components.map(({ source, files }) => ({
      module: source,
      files: files.map(({ origin, content }) => ({ key: origin, content })),
    })),
    warnings,
  };
}

/** Settles once all are read, so that of several mistakes the one that comes first in the manifest is shown. */
async function modulesOf({ components }: Application, context: AssemblyContext): Promise<readonly Content[]> {
  const limit = pLimit(4);
  const resolve = async (component: Component) => {
    const content = await resolveSource(component, context);
    await requireLoadable(component, content, context.isPublished);
    return content;
  };
  const settled = await Promise.allSettled(components.map((component) => limit(resolve, component)));
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

interface AllFiles {
  /** In the order of the application's components. */
  readonly byComponent: readonly (readonly PreparedFile[])[];
  readonly warnings: readonly ManifestWarning[];
}

/** The files of all components; every entry of the manifest is resolved before the first file is read. */
export async function prepareAllFiles(application: Application, context: FilesContext): Promise<AllFiles> {
  const root = await openApplicationFolder(context.folder, context.workspace);
  const canBuild = application.components.some(({ build }) => build !== undefined);
  const hash = createHasher();
  const warnings: ManifestWarning[] = [];
  const collections: (readonly CollectedFile[])[] = [];
  for (const component of application.components) {
    const collection = await collectFiles(root, component, { ...context, canBuild });
    collections.push(collection.files);
    warnings.push(...collection.warnings);
  }
  const byComponent: (readonly PreparedFile[])[] = [];
  for (const files of collections)
    byComponent.push(await prepareFiles(files, hash, context.allowLfsPointers));
  return { byComponent, warnings };
}
