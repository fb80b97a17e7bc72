import { tar } from "@spin-publisher/archive";
import { type Layer, layerOf } from "../layers/layer.ts";

/**
 * The file `/env.vars`: `NAME=value` lines that a POSIX shell can source. It is the only layer of a shim that
 * changes with every release.
 */
export async function envVarsLayer(variables: Readonly<Record<string, string>>): Promise<Layer> {
  const bytes = new TextEncoder().encode(envVars(variables));
  const archive = await tar([{ type: "file", path: "env.vars", bytes }]);
  return { ...layerOf(archive), createdBy: "/env.vars: what this image runs" };
}

/** The lines in the order given; values that a shell would not take literally are in single quotes. */
export function envVars(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join("");
}

function quoted(value: string): string {
  return /^[A-Za-z0-9_.:/@%+,=-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
