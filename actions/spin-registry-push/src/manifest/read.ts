import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, whyUnreadable } from "@spin-publisher/errors";
import { ManifestError } from "./error.ts";
import type { Application } from "./model.ts";
import { normalise } from "./normalise.ts";
import { requireOutboundHosts } from "./outbound-hosts.ts";
import { largestManifest, parseToml } from "./toml.ts";
import { readVersion1 } from "./v1.ts";
import { readVersion2 } from "./v2.ts";
import { manifestVersion } from "./version.ts";

/**
 * Reads a manifest of version 1 or 2.
 *
 * @param profile the build profile whose overrides apply, if any.
 * @throws ManifestError with the line and what is wrong there.
 */
export function readManifest(bytes: Uint8Array, profile?: string): Application {
  requireSize(bytes.length);
  const root = parseToml(decode(bytes));
  const manifest = manifestVersion(root) === 1 ? readVersion1(root) : readVersion2(root);
  const application = normalise(manifest, profile);
  for (const { allowedOutboundHosts, hostsLine } of application.components) {
    requireOutboundHosts(allowedOutboundHosts, application.variables, hostsLine);
  }
  return application;
}

function requireSize(bytes: number): void {
  if (bytes <= largestManifest) return;
  throw new ManifestError(
    1,
    `the manifest is larger than ${largestManifest >> 20} MiB, the most that this action reads`,
  );
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ManifestError(1, "the text is not UTF-8", { cause });
  }
}

/**
 * The manifest that a path means: the file itself, or `spin.toml` in a folder.
 *
 * @throws Error when there is none, naming the file that was looked for.
 */
export async function locateManifest(path: string): Promise<string> {
  const found = await kindOf(path);
  if (found === "file") return path;
  if (found === undefined) {
    throw new Error(`"${path}" does not exist. Set the input "manifest" to a spin.toml or its folder.`);
  }
  const inside = join(path, "spin.toml");
  if ((await kindOf(inside)) === "file") return inside;
  throw new Error(
    `The folder "${path}" has no spin.toml. Set the input "manifest" to a manifest or its folder.`,
  );
}

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    const found = await stat(path);
    if (found.isFile()) return "file";
    if (found.isDirectory()) return "folder";
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw new Error(`"${path}" ${whyUnreadable(error)}.`, { cause: error });
  }
  throw new Error(`"${path}" is neither a file nor a folder.`);
}

/** The application that a manifest describes; see `readManifest`. */
export async function readManifestFile(path: string, profile?: string): Promise<Application> {
  const unreadable = (cause: unknown) => {
    throw new Error(`"${path}" ${whyUnreadable(cause)}.`, { cause });
  };
  const { size } = await stat(path).catch(unreadable);
  requireSize(size);
  return readManifest(await readFile(path).catch(unreadable), profile);
}
