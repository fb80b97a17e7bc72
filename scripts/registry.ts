// make registry: serves what make has published on http://localhost:5000 (REGISTRY_PORT) to everybody on this
// machine.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startRegistry } from "@spin-publisher/sandbox";
import { parseUpstream } from "./world.ts";

async function main(): Promise<void> {
  const upstream = parseUpstream(process.env.UPSTREAM ?? "stand-ins");
  const root = join(import.meta.dirname, "..", ".sandbox", upstream, "registry");
  const port = Number(process.env.REGISTRY_PORT ?? 5000);
  await mkdir(root, { recursive: true });
  const registry = await startRegistry({ root, port });
  const catalog: unknown = Object(await (await fetch(`${registry.origin}/v2/_catalog`)).json()).repositories;
  console.log(`http://localhost:${port} serves ${root}; stop it with Ctrl-C.`);
  for (const repository of Array.isArray(catalog) ? catalog : []) {
    const { tags } = Object(await (await fetch(`${registry.origin}/v2/${repository}/tags/list`)).json());
    console.log(`  ${repository}: ${Array.isArray(tags) ? tags.join(", ") : "no tags"}`);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void registry.close());
}

try {
  await main();
} catch (error) {
  const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  const message = error instanceof Error ? error.message : String(error);
  console.error(taken ? "The port is taken; choose another with make registry REGISTRY_PORT=5001." : message);
  process.exitCode = 1;
}
