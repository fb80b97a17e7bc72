import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { seedSpinImages, spinReleases } from "@spin-publisher/sandbox";
import { serveRegistry } from "../registry.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "serve-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("make registry lists what it serves, and serves it without credentials", async () => {
  await seedSpinImages(
    folder,
    spinReleases.filter(({ tag }) => tag.startsWith("v4.0.")),
  );
  const lines: string[] = [];
  const registry = await serveRegistry(folder, 0, (line) => lines.push(line));
  const manifest = await fetch(`${registry.origin}/v2/spinframework/spin/manifests/v4.0.2-distroless`);
  await registry.close();
  expect(manifest.status).toBe(200);
  expect(lines[0]).toMatch(/^http:\/\/localhost:\d+ serves /);
  expect(lines.slice(1)).toEqual([
    "  spinframework/spin: v4.0.0-distroless, v4.0.1-distroless, v4.0.2-distroless",
  ]);
});

test("a port that is taken is an error that says how to choose another", async () => {
  const first = await serveRegistry(join(folder, "a"), 0, () => {});
  const port = Number(new URL(first.origin).port);
  const second = await serveRegistry(join(folder, "b"), port, () => {}).catch(
    (error: Error) => error.message,
  );
  await first.close();
  expect(second).toBe(`Port ${port} is taken; choose another with make registry REGISTRY_PORT=${port + 1}.`);
});
