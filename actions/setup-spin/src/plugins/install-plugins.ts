import { messageOf } from "@spin-publisher/errors";
import { describePlugin, type Plugin } from "./parse-plugins.ts";
import type { RunSpin } from "./run-spin.ts";

/**
 * Installs plugins from Spin's catalogue and makes sure that Spin lists them afterwards. They are not started: not
 * every plugin has a command (fermyon/actions#68). A version that is already installed costs nothing; another version
 * is replaced, in either direction, and one that has lost its program is installed again.
 *
 * @param hasLostItsProgram whether a plugin that Spin lists cannot run, because its program is missing.
 * @throws Error naming the plugin that could not be installed.
 */
export async function installPlugins(
  requested: readonly Plugin[],
  spin: RunSpin,
  hasLostItsProgram: (name: string) => Promise<boolean> = async () => false,
): Promise<readonly Required<Plugin>[]> {
  let installed = await installedPlugins(spin);
  for (const { name } of requested) {
    if (!installed.has(name) || !(await hasLostItsProgram(name))) continue;
    // Spin would not install a version that it believes to have.
    await attempt(`Cannot remove the damaged plugin ${name}`, () => spin(["plugins", "uninstall", name]));
    installed = await installedPlugins(spin);
  }
  const missing = requested.filter(
    (plugin) => plugin.version === undefined || installed.get(plugin.name) !== plugin.version,
  );
  if (missing.length > 0) {
    await attempt("Cannot fetch the catalogue of Spin's plugins", () => spin(["plugins", "update"]));
    for (const plugin of missing) {
      const { name, version } = plugin;
      // In spite of its name, only upgrade goes back to an older version.
      const verb =
        version !== undefined && installed.has(name) ? ["upgrade", name, "--downgrade"] : ["install", name];
      const args = ["plugins", ...verb, ...(version === undefined ? [] : ["--version", version]), "--yes"];
      await attempt(`Cannot install the plugin ${describePlugin(plugin)}`, () => spin(args));
    }
    installed = await installedPlugins(spin);
  }
  for (const plugin of missing) {
    if (!(await hasLostItsProgram(plugin.name))) continue;
    throw new Error(
      `Spin installed the plugin ${describePlugin(plugin)} without its program. Choose another version of the plugin.`,
    );
  }
  return requested.map((plugin) => {
    const version = installed.get(plugin.name);
    if (version !== undefined && version === (plugin.version ?? version))
      return { name: plugin.name, version };
    const found = version === undefined ? "no plugin of that name" : `version ${version}`;
    throw new Error(
      `The plugin ${describePlugin(plugin)} is not installed although Spin reported success: it lists ${found}. Check the name and version with "spin plugins search".`,
    );
  });
}

/** Name → version, from lines such as `js2wasm 0.7.0 [installed]`. */
async function installedPlugins(spin: RunSpin): Promise<ReadonlyMap<string, string>> {
  const list = await attempt("Cannot list Spin's plugins", () => spin(["plugins", "list", "--installed"]));
  const entries = [...list.matchAll(/^(\S+) (\d\S*)/gm)].map(
    ([, name = "", version = ""]) => [name, version] as const,
  );
  return new Map(entries);
}

async function attempt(failure: string, run: () => Promise<string>): Promise<string> {
  try {
    return await run();
  } catch (cause) {
    throw new Error(`${failure}: ${messageOf(cause)}`, { cause });
  }
}
