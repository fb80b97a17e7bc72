import { realpath } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { whyUnreadable } from "@spin-publisher/errors";

/** Whether an absolute path is `folder` or lies below it. */
export function isBelow(location: string, folder: string): boolean {
  return location === folder || location.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The application folder. */
export interface ApplicationFolder {
  /** With links resolved. */
  readonly location: string;
  /** The checkout that it is part of, with links resolved; undefined for an application in the temporary folder. */
  readonly checkout?: string;
}

/** @param workspace the checkout. */
export async function openApplicationFolder(folder: string, workspace: string): Promise<ApplicationFolder> {
  const [location, checkout] = await Promise.all([locationOf(folder), locationOf(workspace)]);
  return isBelow(location, checkout) ? { location, checkout } : { location };
}

/**
 * Everything in an application's folder can be published, so the folder, and the manifest in it, have to be in one of
 * `boundaries`: what they really are, whatever links lead there.
 *
 * @throws Error when they are not, naming the input.
 */
export async function requireInside(manifest: string, boundaries: readonly string[]): Promise<void> {
  const [folder, file, ...roots] = await Promise.all(
    [dirname(manifest), manifest, ...boundaries].map(locationOf),
  );
  const isInside = (location: string | undefined, root: string) =>
    location !== undefined && isBelow(location, root);
  if (roots.some((root) => isInside(folder, root) && isInside(file, root))) return;
  throw new Error(
    `"${manifest}" is outside the workspace, or a link leads there; set the input "manifest" to a spin.toml in the checkout or in RUNNER_TEMP.`,
  );
}

async function locationOf(path: string): Promise<string> {
  return await realpath(path).catch((cause: unknown) => {
    throw new Error(`"${path}" ${whyUnreadable(cause)}.`, { cause });
  });
}
