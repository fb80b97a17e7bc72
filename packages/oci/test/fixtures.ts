import { afterEach } from "@jest/globals";
import { type RegistryOptions, type RegistryServer, startRegistry } from "@spin-publisher/sandbox";
import { mediaTypes } from "../src/index.ts";

export { index, layer, manifest, publishOnce, quick, shim, site } from "./artifacts.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Closes something at the end of the test. */
export function atTheEnd(close: () => Promise<void>): void {
  closing.push(close);
}

/** A registry for the length of one test. */
export async function registry(options: RegistryOptions = {}): Promise<RegistryServer> {
  const server = await startRegistry(options);
  atTheEnd(() => server.close());
  return server;
}

/** The requests of a registry's log that change something. */
export function writes(server: RegistryServer): readonly string[] {
  return server.requests
    .filter(({ method }) => method !== "GET" && method !== "HEAD")
    .map(({ method, kind }) => `${method} ${kind}`);
}

/** The digest that a tag points at, asked without the client under test. */
export async function digestAt(server: RegistryServer, name: string, tag: string): Promise<string | null> {
  const response = await fetch(`${server.origin}/v2/${name}/manifests/${tag}`, {
    method: "HEAD",
    headers: { accept: [mediaTypes.index, mediaTypes.manifest].join(", ") },
  });
  return response.status === 200 ? response.headers.get("docker-content-digest") : null;
}
