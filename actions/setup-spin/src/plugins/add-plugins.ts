import { hasLostItsProgram, usableDataFolder } from "./data-folder.ts";
import { installPlugins } from "./install-plugins.ts";
import type { Plugin } from "./parse-plugins.ts";
import { runSpin } from "./run-spin.ts";

export type PluginEvent =
  | { readonly kind: "data-folder-replaced"; readonly because: string; readonly folder: string }
  | ({ readonly kind: "plugin-installed" } & Required<Plugin>);

export interface InstalledPlugins {
  readonly plugins: readonly Required<Plugin>[];
  /** Where later steps find them, if not where Spin looks for them: `SPIN_DATA_DIR`. */
  readonly dataFolder: string | undefined;
}

/**
 * Has Spin install plugins: in the folder that Spin chooses or, where it cannot write to that, in one for this job.
 *
 * @param binary the Spin to run.
 * @throws Error naming the plugin that could not be installed.
 */
export async function addPlugins(
  plugins: readonly Plugin[],
  binary: string,
  temp: string,
  {
    environment,
    platform,
    onEvent,
  }: {
    readonly environment: NodeJS.ProcessEnv;
    readonly platform: string;
    readonly onEvent: (event: PluginEvent) => void;
  },
): Promise<InstalledPlugins> {
  if (plugins.length === 0) return { plugins: [], dataFolder: undefined };
  const { path, because } = await usableDataFolder(environment, platform, temp);
  const dataFolder = because === undefined ? undefined : path;
  if (dataFolder !== undefined && because !== undefined)
    onEvent({ kind: "data-folder-replaced", because, folder: dataFolder });
  const settings = dataFolder === undefined ? {} : { SPIN_DATA_DIR: dataFolder };
  const installed = await installPlugins(
    plugins,
    runSpin(binary, { ...environment, ...settings }),
    async (name) => path !== undefined && (await hasLostItsProgram(name, path, platform)),
  );
  for (const plugin of installed) onEvent({ kind: "plugin-installed", ...plugin });
  return { plugins: installed, dataFolder };
}
