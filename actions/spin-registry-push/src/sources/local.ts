import { realpath } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { isBelow } from "../files/boundary.ts";
import { type Content, contentOfFile } from "../files/content.ts";
import { reasonAgainstWasmFile } from "./wasm-file.ts";

/** Where local modules may be. */
export interface LocalContext {
  /** The application folder. */
  readonly folder: string;
  /** The folders that they must be in: one of them. */
  readonly boundaries: readonly string[];
  /** Whether the build commands were run. */
  readonly built: boolean;
}

/**
 * The Wasm of a component that is built or kept beside the manifest. Unlike files, it can be above the manifest (Cargo
 * workspaces put it there), but only within one of the boundaries: the checkout, the runner's temporary folder.
 *
 * @throws Error (a clause for the caller's sentence) when it is missing, outside, or not Wasm.
 */
export async function localModule(
  path: string,
  { folder, boundaries, built }: LocalContext,
): Promise<Content> {
  const location = await locate(isAbsolute(path) ? path : join(folder, path), path, built);
  const allowed = await Promise.all(boundaries.map((boundary) => realpath(boundary)));
  if (!allowed.some((boundary) => isBelow(location, boundary))) {
    throw new Error(`its source "${path}" is outside the workspace; copy it into the checkout`);
  }
  const reason = await reasonAgainstWasmFile(location);
  if (reason !== undefined) throw new Error(`its source "${path}" ${reason}`);
  return contentOfFile(location);
}

async function locate(location: string, path: string, built: boolean): Promise<string> {
  try {
    return await realpath(location);
  } catch (cause) {
    const advice = built ? "no build command created it" : 'build the component first, or set "build: true"';
    throw new Error(`its source "${path}" does not exist; ${advice}`, { cause });
  }
}
