import { realpath } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { isBelow } from "../files/boundary.ts";
import { type Content, contentOfFile } from "../files/content.ts";
import { reasonAgainstWasmFile } from "./wasm.ts";

/**
 * The Wasm of a component that is built or kept beside the manifest. Unlike files, it may lie above the manifest
 * (Cargo workspaces put it there), but never outside of `boundary`, the checkout.
 *
 * @param folder the application folder.
 * @throws Error (a clause for the caller's sentence) when it is missing, outside, or no Wasm.
 */
export async function localModule(path: string, folder: string, boundary: string): Promise<Content> {
  const location = await locate(isAbsolute(path) ? path : join(folder, path), path);
  if (!isBelow(location, await realpath(boundary))) {
    throw new Error(`its source "${path}" is outside the workspace; copy it into the checkout`);
  }
  const reason = await reasonAgainstWasmFile(location);
  if (reason !== undefined) throw new Error(`its source "${path}" ${reason}`);
  return contentOfFile(location);
}

async function locate(location: string, path: string): Promise<string> {
  try {
    return await realpath(location);
  } catch (cause) {
    throw new Error(`its source "${path}" does not exist; build the component first, or set "build: true"`, {
      cause,
    });
  }
}
