import { createHash } from "node:crypto";
import { type RegistryOptions, type RegistryServer, startRegistry } from "../../src/index.ts";

/** Runs `work` against a registry of its own. */
export async function withRegistry(
  work: (registry: RegistryServer) => Promise<void>,
  options: RegistryOptions = {},
): Promise<void> {
  const registry = await startRegistry(options);
  try {
    await work(registry);
  } finally {
    await registry.close();
  }
}

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";
export const configType = "application/vnd.oci.image.config.v1+json";

export function digestOf(bytes: Uint8Array | string, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** Pushes a blob in one request and returns its digest. */
export async function pushBlob(
  registry: RegistryServer,
  repository: string,
  content: string,
): Promise<string> {
  const digest = digestOf(content);
  const url = `${registry.origin}/v2/${repository}/blobs/uploads/?digest=${digest}`;
  const response = await fetch(url, { method: "POST", body: content });
  if (response.status !== 201) throw new Error(`The blob was not taken: ${response.status}`);
  return digest;
}

/** A manifest whose only blob is its config `content`. */
export function manifestOf(content: string, more: object = {}): string {
  const config = { mediaType: configType, digest: digestOf(content), size: content.length };
  return JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: [], ...more });
}

export function indexOf(...manifests: readonly string[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: manifests.map((manifest) => ({
      mediaType: manifestType,
      digest: digestOf(manifest),
      size: manifest.length,
    })),
  });
}

export function putManifest(
  registry: RegistryServer,
  repository: string,
  reference: string,
  manifest: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { mediaType } = JSON.parse(manifest);
  return fetch(`${registry.origin}/v2/${repository}/manifests/${reference}`, {
    method: "PUT",
    headers: { "content-type": mediaType, ...headers },
    body: manifest,
  });
}

/** Pushes a manifest and the config it refers to, and returns its digest. */
export async function pushImage(
  registry: RegistryServer,
  repository: string,
  tag: string,
  content: string,
): Promise<string> {
  await pushBlob(registry, repository, content);
  const manifest = manifestOf(content);
  const response = await putManifest(registry, repository, tag, manifest);
  if (response.status !== 201) throw new Error(`The manifest was not taken: ${response.status}`);
  return digestOf(manifest);
}

/** The first error code of a refusal. */
export async function codeOf(response: Response): Promise<string> {
  return Object(await response.json()).errors[0].code;
}
