// make registry: serves what make published on http://localhost:5000 (REGISTRY_PORT), to this machine only; / is a page
// for people.
import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { errorCode, messageOf } from "@spin-publisher/errors";
import { isReferrersTag } from "@spin-publisher/oci";
import { type RegistryServer, startRegistry } from "@spin-publisher/sandbox";
import { inventory } from "./registry-inventory.ts";
import { registryPage } from "./registry-page.ts";
import { parseUpstream } from "./upstream-services.ts";

/**
 * Serves the registry in a folder and lists what it holds.
 *
 * @throws Error when the port is taken, saying how to choose another.
 */
export async function serveRegistry(
  root: string,
  port: number,
  tell: (line: string) => void,
  notice?: string,
): Promise<RegistryServer> {
  await mkdir(root, { recursive: true });
  const registry: RegistryServer = await startRegistry({
    ...{ root, port },
    frontPage: async () =>
      registryPage(await inventory(registry), {
        ...{ host: hostOf(registry), folder: relative(process.cwd(), root) || root },
        ...(notice === undefined ? {} : { notice }),
      }),
  }).catch((cause: unknown) => {
    if (errorCode(cause) !== "EADDRINUSE") throw cause;
    throw new Error(`Port ${port} is taken; choose another with make registry REGISTRY_PORT=${port + 1}.`, {
      cause,
    });
  });
  tell(`http://${hostOf(registry)} shows and serves ${root}; stop it with Ctrl-C.`);
  for (const repository of await listAt(`${registry.origin}/v2/_catalog`, "repositories")) {
    const all = await listAt(`${registry.origin}/v2/${repository}/tags/list`, "tags");
    const tags = all.filter((tag) => !isReferrersTag(tag));
    tell(`  ${repository}: ${tags.length === 0 ? "no tags" : tags.join(", ")}`);
  }
  return registry;
}

function hostOf(registry: RegistryServer): string {
  return `localhost:${new URL(registry.origin).port}`;
}

async function listAt(url: string, property: string): Promise<readonly string[]> {
  const response = await fetch(url);
  if (!response.ok) return [];
  const list: unknown = Object(await response.json())[property];
  return Array.isArray(list) ? list.map(String) : [];
}

const standIns =
  "Spin and its modules are stand-ins here, so the image and the content do not run. Publish with the real ones: make UPSTREAM=online";

async function main(): Promise<void> {
  const upstream = parseUpstream(process.env.UPSTREAM ?? "stand-ins");
  const root = join(import.meta.dirname, "..", ".sandbox", upstream, "registry");
  const registry = await serveRegistry(
    root,
    Number(process.env.REGISTRY_PORT ?? 5000),
    (line) => console.log(line),
    upstream === "online" ? undefined : standIns,
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => registry.close());
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
