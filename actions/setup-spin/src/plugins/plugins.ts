import { execFile } from "node:child_process";
import { promisify } from "node:util";
import semver from "semver";

/** A plugin that is asked for; any version where none is given. */
export interface Plugin {
  readonly name: string;
  readonly version?: string;
}

/** Runs Spin and returns what it prints. @throws Error when it exits with anything but 0. */
export type RunSpin = (args: readonly string[]) => Promise<string>;

/**
 * Parses `name` and `name@version` entries, separated by commas or line breaks.
 *
 * @throws Error naming the entry that is none, or the plugin that is asked for twice.
 */
export function parsePlugins(text: string): readonly Plugin[] {
  const plugins = text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry): Plugin => {
      const [, name, suffix] = /^([A-Za-z0-9][A-Za-z0-9_-]*)(@.*)?$/.exec(entry) ?? [];
      const version = suffix?.slice(1).replace(/^v/, "");
      if (name === undefined || (version !== undefined && semver.valid(version) !== version)) {
        throw new Error(
          `Input "plugins" wants entries such as js2wasm or js2wasm@0.7.0, but one of them is "${entry}".`,
        );
      }
      return version === undefined ? { name } : { name, version };
    });
  const twice = plugins.find(
    ({ name }, index) => plugins.findIndex((other) => other.name === name) !== index,
  );
  if (twice !== undefined)
    throw new Error(`Input "plugins" asks for ${twice.name} twice; keep one of the entries.`);
  return plugins;
}

/**
 * Installs plugins from Spin's catalogue and makes sure that they are there afterwards, by what Spin itself lists
 * and not by starting them: not every plugin has a command (fermyon/actions#68). A version that is installed
 * already costs nothing, another one is replaced, in either direction.
 *
 * @throws Error naming the plugin that could not be installed.
 */
export async function installPlugins(
  wanted: readonly Plugin[],
  spin: RunSpin,
): Promise<readonly Required<Plugin>[]> {
  let installed = await installedPlugins(spin);
  const missing = wanted.filter(
    (plugin) => plugin.version === undefined || installed.get(plugin.name) !== plugin.version,
  );
  if (missing.length > 0) {
    await attempt("The catalogue of Spin's plugins could not be fetched", () => spin(["plugins", "update"]));
    for (const { name, version } of missing) {
      // Only upgrade, in spite of its name, goes back to an older version.
      const verb =
        version !== undefined && installed.has(name) ? ["upgrade", name, "--downgrade"] : ["install", name];
      const args = ["plugins", ...verb, ...(version === undefined ? [] : ["--version", version]), "--yes"];
      await attempt(
        `The plugin ${describe({ name, ...(version ? { version } : {}) })} could not be installed`,
        () => spin(args),
      );
    }
    installed = await installedPlugins(spin);
  }
  return wanted.map((plugin) => {
    const version = installed.get(plugin.name);
    if (version !== undefined && version === (plugin.version ?? version))
      return { name: plugin.name, version };
    throw new Error(
      `The plugin ${describe(plugin)} is not installed although Spin reported no failure; it lists ${version === undefined ? "none of that name" : `version ${version}`}.`,
    );
  });
}

/** Name → version, from lines such as `js2wasm 0.7.0 [installed]`. */
async function installedPlugins(spin: RunSpin): Promise<ReadonlyMap<string, string>> {
  const list = await attempt("Spin's plugins could not be listed", () =>
    spin(["plugins", "list", "--installed"]),
  );
  const entries = [...list.matchAll(/^(\S+) (\d\S*)/gm)].map(
    ([, name = "", version = ""]) => [name, version] as const,
  );
  return new Map(entries);
}

async function attempt(failure: string, run: () => Promise<string>): Promise<string> {
  try {
    return await run();
  } catch (cause) {
    throw new Error(`${failure}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function describe({ name, version }: Plugin): string {
  return version === undefined ? name : `${name}@${version}`;
}

/** How the installed Spin is run: without a terminal, for ten minutes at most. */
export function runSpin(binary: string): RunSpin {
  return async (args) => {
    const run = promisify(execFile)(binary, [...args], { timeout: 600_000, maxBuffer: 16 << 20 });
    run.child.stdin?.end();
    try {
      return (await run).stdout;
    } catch (error) {
      // The error's own message is the command and everything it printed, again.
      const { code, signal, stderr } = endOf(error);
      const cause = new Error(`spin ${args.join(" ")} ended with ${signal ?? `exit code ${code}`}`);
      const lastLines = stderr.trim().split(/\r?\n/).slice(-5).join(" / ");
      throw new Error(lastLines === "" ? cause.message : lastLines, { cause });
    }
  };
}

function endOf(error: unknown): { code: string; signal: string | undefined; stderr: string } {
  const { code, signal, stderr }: Record<string, unknown> = error instanceof Error ? { ...error } : {};
  return {
    code: String(code),
    signal: typeof signal === "string" ? signal : undefined,
    stderr: typeof stderr === "string" ? stderr : "",
  };
}
