import { execFile, spawn } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { atTheEnd } from "./fixtures.ts";

const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** The sha256 of 512 MiB of zeros. */
const zeros = "9acca8e8c22201155389f65abbf6bc9723edc7384ead80503839f49dcc56d767";

// In a process of its own, so that neither the registry nor Jest counts.
const script = (host: string, path: string, size: number) => `
import { createRegistryClient, inspectTarget, publish } from ${here("../src/index.ts")};
import { layer, manifest } from ${here("./artifacts.ts")};
const blob = {
  descriptor: { mediaType: "application/octet-stream", digest: "sha256:${zeros}", size: ${size} },
  source: { kind: "file", path: ${JSON.stringify(path)} },
};
const client = createRegistryClient();
const target = { repository: { registry: ${JSON.stringify(host)}, name: "o/site" }, tag: "1", aliases: [] };
const state = await inspectTarget(client, target);
const { uploadedBytes } = await publish(client, { root: manifest([layer("{}"), blob]) }, state, { immutable: true });
console.log(JSON.stringify({ uploadedBytes, peakMebibytes: process.resourceUsage().maxRSS / 1024 }));`;

test("a file of 512 MiB is streamed: its publication uses less than 256 MiB, including Node", async () => {
  const size = 512 << 20;
  const folder = await mkdtemp(join(tmpdir(), "sparse-"));
  atTheEnd(() => rm(folder, { recursive: true }));
  const path = join(folder, "file");
  const file = await open(path, "w");
  await file.truncate(size); // sparse: it takes no space
  await file.close();
  const sink = spawn(process.execPath, [join(import.meta.dirname, "sink.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  atTheEnd(async () => void sink.kill());
  const host = await new Promise<string>((resolve) =>
    sink.stdout.once("data", (line: Buffer) => resolve(line.toString().trim())),
  );
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    script(host, path, size),
  ]);
  const { uploadedBytes, peakMebibytes } = JSON.parse(stdout);
  expect(uploadedBytes).toBeGreaterThanOrEqual(size);
  expect(peakMebibytes).toBeLessThan(256);
}, 120_000);
