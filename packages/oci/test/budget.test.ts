import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { personas, type RegistryServer } from "@spin-publisher/sandbox";
import {
  type Artifact,
  blobOf,
  createRegistryClient,
  inspectTarget,
  publish,
  writeLayout,
} from "../src/index.ts";
import { atTheEnd, layer, manifest, publishOnce, quick, registry, shim, site } from "./fixtures.ts";

/** The requests of a registry's log as `METHOD kind`, in the order of their arrival. */
function requests(server: RegistryServer): readonly string[] {
  return server.requests.map(({ method, kind }) => `${method} ${kind}`);
}

/** How many requests of each kind there were. */
function tally(server: RegistryServer): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const request of requests(server)) counts[request] = (counts[request] ?? 0) + 1;
  return counts;
}

/** The length of the longest chain of requests each of which may have waited for the one before. */
function waves(server: RegistryServer): number {
  return Math.max(...server.requests.map(({ wave }) => wave));
}

/** A site of `count` pages, of which one has another text. */
function largeSite(count: number, special = -1): Artifact {
  const pages = Array.from({ length: count }, (_, i) => (i === special ? "changed" : `page ${i}`));
  return { root: manifest([blobOf("application/json", "{}"), ...pages.map(layer)]) };
}

/** Long enough that requests of one wave overlap on a busy machine, too. */
const latency = { latencyMilliseconds: 100 };

describe("requests for", () => {
  test("a first publication: read the tag, HEAD and upload each blob, recheck, write and confirm the tag", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(site("a", "b"), { repository, tag: "1" });
    expect(tally(server)).toEqual({
      "GET manifest": 1,
      "HEAD blob": 3,
      "POST upload": 3,
      "HEAD manifest": 2,
      "PUT manifest": 1,
    });
  });

  test("nothing changed: one, plus one for each alias", async () => {
    const server = await registry();
    const target = { repository: { registry: server.host, name: "o/site" }, tag: "1", aliases: ["latest"] };
    await publishOnce(site("a", "b"), target);
    server.clearRequests();
    const report = await publishOnce(site("a", "b"), target);
    expect(requests(server)).toEqual(["GET manifest", "GET manifest"]);
    expect(report).toMatchObject({ requests: 2, uploadedBytes: 0 });
  });

  test("nothing changed, with a token: one more", async () => {
    const server = await registry({
      authentication: { scheme: "bearer", users: { grace: "hopper" } },
    });
    const target = {
      repository: { registry: server.host, name: "o/site" },
      tag: "1",
      credentials: async () => ({ kind: "basic", username: "grace", password: "hopper" }) as const,
    };
    await publishOnce(shim("1"), target);
    server.clearRequests();
    await publishOnce(shim("1"), target);
    expect(requests(server)).toEqual(["GET manifest", "GET token", "GET manifest"]);
  });

  test.each([10, 60])("one changed page of %d: as many as for a site of one page", async (pages) => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(largeSite(pages), { repository, tag: "1", aliases: ["main"] });
    server.clearRequests();
    const next = largeSite(pages, 5);
    const report = await publishOnce(next, { repository, tag: "2", aliases: ["main"] });
    expect(tally(server)).toEqual({
      "GET manifest": 2,
      "POST upload": 1,
      "HEAD manifest": 2,
      "PUT manifest": 2,
    });
    expect(report.blobs).toEqual({ total: pages + 1, uploaded: 1, mounted: 0, present: pages });
    expect(report.uploadedBytes).toBe("changed".length + 2 * next.root.bytes.length);
  });

  test.each(Object.values(personas))(
    "one changed page at $name: bytes of the page, the locked app, and 16 KiB at most",
    async (persona) => {
      const server = await registry({ persona });
      const repository = { registry: server.host, name: "o/site" };
      const version = (name: string) => {
        const [page, lockedApp] = [`${name} page`.repeat(4_000), `${name} app`.repeat(4_000)];
        const blobs = ["{}", "kept".repeat(10_000), page, lockedApp].map(layer);
        return { artifact: { root: manifest(blobs) }, changedBytes: page.length + lockedApp.length };
      };
      await publishOnce(version("old").artifact, { repository, tag: "1", aliases: ["main"] });
      const { artifact, changedBytes } = version("new");
      const report = await publishOnce(artifact, { repository, tag: "2", aliases: ["main"] });
      expect(report.uploadedBytes).toBeLessThanOrEqual(changedBytes + (16 << 10));
    },
  );

  test("a site of 5,000 files with one change: at most twelve", async () => {
    const root = await mkdtemp(join(tmpdir(), "registry-"));
    atTheEnd(() => rm(root, { recursive: true }));
    await writeLayout(largeSite(5000), join(root, "o", "site"), { tag: "main" });
    const server = await registry({ root });
    const repository = { registry: server.host, name: "o/site" };
    const report = await publishOnce(largeSite(5000, 5), { repository, tag: "2", aliases: ["main"] });
    expect(report.blobs).toEqual({ total: 5001, uploaded: 1, mounted: 0, present: 5000 });
    expect(server.requests.length).toBe(7);
    server.clearRequests();
    await publishOnce(largeSite(5000, 5), { repository, tag: "2", aliases: ["main"] });
    expect(requests(server)).toEqual(["GET manifest", "GET manifest"]);
  });

  test("new tag, same content: the tag only", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(shim("1"), { repository, tag: "1", aliases: ["main"] });
    server.clearRequests();
    await publishOnce(shim("1"), { repository, tag: "2", aliases: ["main"] });
    expect([...requests(server)].sort()).toEqual([
      "GET manifest",
      "GET manifest",
      "HEAD manifest",
      "HEAD manifest",
      "PUT manifest",
    ]);
  });
});

describe("round trips after the build for", () => {
  const base = [layer("base 1".repeat(20_000)), layer("base 2".repeat(20_000))];

  /** Everything that happens before the build, then `publish` alone. */
  async function publishAlone(server: RegistryServer, artifact: Artifact, aliases: readonly string[] = []) {
    const client = createRegistryClient({ retry: quick });
    const target = { repository: { registry: server.host, name: "o/shim" }, tag: "2", aliases };
    const state = await inspectTarget(client, target);
    server.clearRequests();
    return publish(client, artifact, state, { immutable: true });
  }

  test("a shim on a known base: blobs, children, index", async () => {
    const server = await registry(latency);
    const repository = { registry: server.host, name: "o/shim" };
    await publishOnce(shim("1", base), { repository, tag: "1", aliases: ["main"] });
    const report = await publishAlone(server, shim("2", base), ["main"]);
    const tagged = server.requests.find(({ path, method }) => method === "PUT" && path.endsWith("/2"));
    expect(tagged?.wave).toBe(3);
    expect(report.blobs).toEqual({ total: 5, uploaded: 3, mounted: 0, present: 2 });
    // The alias comes after the tag: whoever loses a race for the tag must not have moved it.
    expect(waves(server)).toBe(4);
  });

  test.each([personas.distribution, personas.ghcr, personas.harbor])(
    "the same at $name, which takes no blob in one request: one more",
    async (persona) => {
      const server = await registry({ ...latency, persona });
      const repository = { registry: server.host, name: "o/shim" };
      await publishOnce(shim("1", base), { repository, tag: "1", aliases: ["main"] });
      await publishAlone(server, shim("2", base), ["main"]);
      const tagged = server.requests.find(({ path, method }) => method === "PUT" && path.endsWith("/2"));
      expect(tagged?.wave).toBe(4);
    },
  );

  test("a shim on a new base in the same registry: one more for the mounts", async () => {
    const server = await registry(latency);
    const repository = { registry: server.host, name: "o/shim" };
    const upstream = { registry: server.host, name: "spin/base" };
    await publishOnce({ root: manifest(base) }, { repository: upstream, tag: "1" });
    await publishOnce(shim("1"), { repository, tag: "1", aliases: ["main"] });
    const mountable = base.map((blob) => ({
      ...blob,
      source: { kind: "repository" as const, repository: upstream },
    }));
    const report = await publishAlone(server, shim("2", mountable), ["main"]);
    const tagged = server.requests.find(({ path, method }) => method === "PUT" && path.endsWith("/2"));
    expect(tagged?.wave).toBe(4);
    expect(report.blobs).toEqual({ total: 5, uploaded: 3, mounted: 2, present: 0 });
  });

  test("one page: upload, tag", async () => {
    const server = await registry(latency);
    const repository = { registry: server.host, name: "o/shim" };
    await publishOnce(site("a", "b"), { repository, tag: "1", aliases: ["main"] });
    await publishAlone(server, site("a", "c"), ["main"]);
    const tagged = server.requests.find(({ path, method }) => method === "PUT" && path.endsWith("/2"));
    expect(tagged?.wave).toBe(2);
  });
});
