import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { atTheEnd, registry } from "./fixtures.ts";

const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

// In a process of its own, since Node reads NODE_EXTRA_CA_CERTS when it starts.
const script = `
import { createRegistryClient, inspectTarget, publish } from ${source("../src/index.ts")};
import { createFetch } from ${source("../../http/src/index.ts")};
import { layer, publishOnce, shim } from ${source("./artifacts.ts")};
const fetch = createFetch({ environment: process.env });
const repository = { registry: "registry.example", name: "o/shim" };
const base = [layer("base".repeat(500_000))];
await publishOnce(shim("1", base), { repository, tag: "1", aliases: ["main"], fetch });
const client = createRegistryClient({ fetch });
const state = await inspectTarget(client, { repository, tag: "2", aliases: ["main"] });
const { digest, blobs } = await publish(client, shim("2", base), state, { immutable: true });
console.log(JSON.stringify({ digest, blobs }));`;

test.each(["h2", "https"] as const)(
  "a registry over %s gets the same requests in as few round trips",
  async (protocol) => {
    const server = await registry({ protocol, latencyMilliseconds: 100 });
    const folder = await mkdtemp(join(tmpdir(), "certificate-"));
    atTheEnd(() => rm(folder, { recursive: true }));
    const certificate = join(folder, "ca.pem");
    await writeFile(certificate, server.certificate ?? "");
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      env: { NODE_EXTRA_CA_CERTS: certificate, ORIGIN_MIRRORS: `https://registry.example=${server.origin}` },
    });
    expect(JSON.parse(stdout)).toMatchObject({ blobs: { total: 4, uploaded: 3, mounted: 0, present: 1 } });
    const looked = server.requests.findLast(
      ({ method, path }) => method === "GET" && path.endsWith("/manifests/2"),
    );
    const tagged = server.requests.find(
      ({ method, path }) => method === "PUT" && path.endsWith("/manifests/2"),
    );
    expect((tagged?.wave ?? 0) - (looked?.wave ?? 0)).toBe(3);
  },
);
