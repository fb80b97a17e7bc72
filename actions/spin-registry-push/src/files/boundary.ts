import { realpath } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { whyUnreadable } from "@spin-publisher/errors";

/** Whether an absolute path is `folder` or lies below it. */
export function isBelow(location: string, folder: string): boolean {
  return location === folder || location.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * Everything in an application's folder can be published, so the folder, and the manifest in it, have to be part of the
 * workspace: what they really are, whatever links lead there.
 *
 * @throws Error when they are not, naming the input.
 */
export async function requireInWorkspace(manifest: string, workspace: string): Promise<void> {
  const [root, folder, file] = await Promise.all([
    locationOf(workspace),
    locationOf(dirname(manifest)),
    locationOf(manifest),
  ]);
  if (isBelow(folder, root) && isBelow(file, root)) return;
  throw new Error(
    `"${manifest}" is outside the workspace, or a link leads there; set the input "manifest" to a spin.toml in the checkout.`,
  );
}

async function locationOf(path: string): Promise<string> {
  return await realpath(path).catch((cause: unknown) => {
    throw new Error(`"${path}" ${whyUnreadable(cause)}.`, { cause });
  });
}
