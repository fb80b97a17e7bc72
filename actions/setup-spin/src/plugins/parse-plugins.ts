import semver from "semver";

/** A requested plugin; the newest version where none is given. */
export interface Plugin {
  readonly name: string;
  readonly version?: string;
}

/**
 * Parses `name` and `name@version` entries, separated by commas or line breaks.
 *
 * @throws Error naming the entry that has another form, or the plugin that is listed twice.
 */
export function parsePlugins(text: string): readonly Plugin[] {
  const plugins = text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map(parsePlugin);
  const twice = plugins.find(
    ({ name }, index) => plugins.findIndex((other) => other.name === name) !== index,
  );
  if (twice === undefined) return plugins;
  throw new Error(`Input "plugins" lists ${twice.name} twice. Remove one of the entries.`);
}

function parsePlugin(entry: string): Plugin {
  const [, name, suffix] = /^([A-Za-z0-9][A-Za-z0-9_-]*)(@.*)?$/.exec(entry) ?? [];
  const version = suffix?.slice(1).replace(/^v/, "");
  if (name === undefined || (version !== undefined && semver.valid(version) !== version)) {
    throw new Error(
      `Input "plugins" must list entries such as js2wasm or js2wasm@0.7.0, but one of them is "${entry}".`,
    );
  }
  return version === undefined ? { name } : { name, version };
}

/** `js2wasm` or `js2wasm@0.7.0`. */
export function describePlugin({ name, version }: Plugin): string {
  return version === undefined ? name : `${name}@${version}`;
}
