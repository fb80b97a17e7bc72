import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { registry } from "./fixtures.ts";

// In a process of its own, so that neither the registry nor Jest counts.
const script = (host: string) => `
import { createRegistryClient, digestOf, inspectTarget, publish } from ${JSON.stringify(source("../src/index.ts"))};
import { manifest } from ${JSON.stringify(source("./artifacts.ts"))};
const size = 1 << 20;
const content = (i) => Buffer.alloc(size, "file " + i + " ");
// One buffer for all digests: what is measured is the publication, not the garbage of its preparation.
const scratch = Buffer.alloc(size);
const blobs = Array.from({ length: 280 }, (_, i) => ({
  descriptor: { mediaType: "application/octet-stream", digest: digestOf(scratch.fill("file " + i + " ")), size },
  source: { kind: "deferred", open: async () => content(i) },
}));
const client = createRegistryClient();
const target = { repository: { registry: ${JSON.stringify(host)}, name: "o/site" }, tag: "1", aliases: [] };
const state = await inspectTarget(client, target);
const { uploadedBytes } = await publish(client, { root: manifest(blobs) }, state, { immutable: true });
console.log(JSON.stringify({ uploadedBytes, peakMebibytes: process.resourceUsage().maxRSS / 1024 }));`;

function source(path: string): string {
  return new URL(path, import.meta.url).href;
}

test("a publication of 280 MiB in many files uses less than 256 MiB, including Node", async () => {
  const server = await registry();
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    script(server.host),
  ]);
  const { uploadedBytes, peakMebibytes } = JSON.parse(stdout);
  expect(uploadedBytes).toBeGreaterThan(280 << 20);
  expect(peakMebibytes).toBeLessThan(256);
}, 60_000);
