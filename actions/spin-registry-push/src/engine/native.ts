import type { LockedApp } from "@spin-publisher/spin-artifact";
import pLimit from "p-limit";
import { type CollectedFile, collectFiles } from "../files/collect.ts";
import { createHasher, type PreparedFile, prepareFiles } from "../files/prepare.ts";
import { openApplicationFolder } from "../files/walk.ts";
import type { LayerSource } from "../layers/layer-source.ts";
import { lockApplication, type PreparedComponent } from "../locked-app/lock.ts";
import type { Application } from "../manifest/model.ts";
import { resolveSource, type SourceContext } from "../sources/resolve.ts";

/** An application, ready to become an artifact. */
export interface AssembledApp {
  readonly app: LockedApp;
  /** By component, in the order of the locked application. */
  readonly layers: readonly LayerSource[];
  readonly warnings: readonly string[];
}

/**
 * Assembles an application without Spin. Modules that are not components are published as they are: readers
 * convert them when they load them, as they had to before Spin 3.2 converted them on publishing.
 */
export async function assemble(application: Application, context: SourceContext): Promise<AssembledApp> {
  const sources = pLimit(4).map(application.components, (component) => resolveSource(component, context));
  sources.catch(() => {}); // awaited below; a mistake in the files is told first
  const { byComponent, warnings } = await prepareAllFiles(application, context.folder);
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

interface AllFiles {
  /** In the order of the application's components. */
  readonly byComponent: readonly (readonly PreparedFile[])[];
  readonly warnings: readonly string[];
}

/** The files of all components; every entry of the manifest is resolved before the first file is read. */
export async function prepareAllFiles(application: Application, folder: string): Promise<AllFiles> {
  const root = await openApplicationFolder(folder);
  const hash = createHasher();
  const warnings: string[] = [];
  const collections: (readonly CollectedFile[])[] = [];
  for (const component of application.components) {
    const collection = await collectFiles(root, component);
    collections.push(collection.files);
    warnings.push(...collection.warnings);
  }
  const byComponent: (readonly PreparedFile[])[] = [];
  for (const files of collections) byComponent.push(await prepareFiles(files, hash));
  return { byComponent, warnings };
}
