import { concurrently } from "../concurrently.ts";
import { type CollectedFile, collectFiles } from "../files/collect.ts";
import { createHasher, prepareFiles } from "../files/prepare.ts";
import { openApplicationFolder } from "../files/walk.ts";
import type { LayerSource } from "../layers/layers.ts";
import { lockApplication, type PreparedComponent } from "../locked-app/lock.ts";
import type { LockedApp } from "../locked-app/locked-app.ts";
import type { Application } from "../manifest/model.ts";
import { resolveSource, type SourceContext } from "../sources/resolve.ts";

/** An application that is ready to be put into an artifact. */
export interface AssembledApp {
  readonly app: LockedApp;
  readonly layers: readonly LayerSource[];
  readonly warnings: readonly string[];
}

/** Assembles an application without Spin. Modules that are not components are published as they are. */
export async function assemble(application: Application, context: SourceContext): Promise<AssembledApp> {
  const folder = await openApplicationFolder(context.folder);
  const hash = createHasher();
  const warnings: string[] = [];
  const sources = concurrently(application.components, 4, (component) => resolveSource(component, context));
  sources.catch(() => {}); // awaited below; a mistake in the files is told first
  const collections: (readonly CollectedFile[])[] = [];
  for (const component of application.components) {
    const collection = await collectFiles(folder, component);
    collections.push(collection.files);
    warnings.push(...collection.warnings);
  }
  const modules = await sources;
  const components: PreparedComponent[] = [];
  for (const [index, component] of application.components.entries()) {
    const source = modules[index];
    if (source === undefined) continue;
    components.push({ component, source, files: await prepareFiles(collections[index] ?? [], hash) });
  }
  return {
    app: lockApplication(application, components),
    layers: components.map(({ source, files }) => ({
      module: source,
      files: files.map(({ origin, content }) => ({ key: origin, content })),
    })),
    warnings,
  };
}
