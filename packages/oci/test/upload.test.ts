import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { createFetch, createNetwork } from "@spin-publisher/http";
import { faultOn, personas, type RegistryServer } from "@spin-publisher/sandbox";
import { type Blob, createRegistryClient, inspectTarget, publish } from "../src/index.ts";
import { uploadSession, withDigest } from "../src/push/upload-session.ts";
import {
  atTheEnd,
  digestAt,
  layer,
  manifest,
  publishOnce,
  quick,
  registry,
  shim,
  site,
  writes,
} from "./fixtures.ts";

const digest = `sha256:${"a".repeat(64)}` as const;
const big = (seed: string, bytes: number) => seed.repeat(Math.ceil(bytes / seed.length)).slice(0, bytes);

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "upload-"));
  atTheEnd(() => rm(path, { recursive: true }));
  return path;
}

async function onDisk(text: string): Promise<Blob> {
  const path = join(await folder(), "file");
  await writeFile(path, text);
  return { ...layer(text), source: { kind: "file", path } };
}

describe("where an upload continues", () => {
  const asked = new URL("https://registry.example/v2/o/site/blobs/uploads/");

  test.each([
    ["/v2/o/site/blobs/uploads/1", "https://registry.example/v2/o/site/blobs/uploads/1"],
    ["1", "https://registry.example/v2/o/site/blobs/uploads/1"],
    ["https://registry.example:443/u?_state=a~b%20c", "https://registry.example/u?_state=a~b%20c"],
    ["http://registry.example/u?_state=1", "https://registry.example/u?_state=1"],
    ["http://registry.example:5000/u", "https://registry.example/u"],
    ["https://uploads.example/u", "https://uploads.example/u"],
  ])("%s is %s", (location, expected) => {
    expect(uploadSession(location, asked).href).toBe(expected);
  });

  test.each([
    ["https://10.1.2.3/u", "the private address 10.1.2.3"],
    ["https://169.254.169.254/u", "the private address"],
    ["https://localhost/u", "the private address"],
    ["http://uploads.example/u", "without TLS"],
    ["ftp://registry.example/u", "not an HTTP URL"],
  ])("is not %s", (location, message) => {
    expect(() => uploadSession(location, asked)).toThrow(message);
  });

  test.each([
    ["https://r.example/u", `https://r.example/u?digest=sha256%3A${"a".repeat(64)}`],
    ["https://r.example/u?", `https://r.example/u?digest=sha256%3A${"a".repeat(64)}`],
    [
      "https://r.example/u?_state=a~b%20c+d",
      `https://r.example/u?_state=a~b%20c+d&digest=sha256%3A${"a".repeat(64)}`,
    ],
  ])("%s is completed by adding the digest and nothing else", (session, expected) => {
    expect(withDigest(new URL(session), digest).href).toBe(expected);
  });
});

describe("a blob", () => {
  const repositoryOf = (server: RegistryServer, name = "o/site") => ({ registry: server.host, name });

  test("is uploaded in one request if the registry supports that", async () => {
    const server = await registry({ persona: personas.zot });
    await publishOnce(site("a"), { repository: repositoryOf(server), tag: "1" });
    expect(writes(server)).toEqual(["POST upload", "POST upload", "PUT manifest"]);
  });

  test("of an image's own parts is, even before anything is known about the registry", async () => {
    const server = await registry({ persona: personas.zot });
    const artifact = { root: manifest([layer(big("config", 6_000)), layer(big("layer", 4_000))]) };
    const report = await publishOnce(artifact, { repository: repositoryOf(server), tag: "1" });
    expect(writes(server)).toEqual(["POST upload", "POST upload", "PUT manifest"]);
    expect(report.uploadedBytes).toBe(10_000 + artifact.root.bytes.length);
  });

  test("is uploaded in two otherwise, and no body is sent in vain once that is known", async () => {
    const server = await registry({ persona: personas.distribution });
    const artifact = { root: manifest([layer("{}"), layer(big("a", 80_000)), layer(big("b", 80_000))]) };
    const report = await publishOnce(artifact, { repository: repositoryOf(server), tag: "1" });
    expect(writes(server).filter((write) => write === "POST upload")).toHaveLength(3);
    expect(writes(server).filter((write) => write === "PUT upload")).toHaveLength(3);
    const inVain = report.uploadedBytes - 160_002 - artifact.root.bytes.length;
    expect(inVain).toBe(2);
  });

  test("that is shared by two manifests is uploaded once", async () => {
    const server = await registry();
    await publishOnce(shim("1", [layer("shared")]), { repository: repositoryOf(server), tag: "1" });
    const uploads = server.requests.filter(({ method, kind }) => method === "POST" && kind === "upload");
    expect(uploads).toHaveLength(4);
  });

  test("on disk, small or large, arrives unchanged", async () => {
    const server = await registry();
    const blobs = [await onDisk("{}"), await onDisk(big("x", 100_000)), await onDisk(big("y", 5 << 20))];
    const report = await publishOnce(
      { root: manifest(blobs) },
      { repository: repositoryOf(server), tag: "1" },
    );
    expect(report.blobs.uploaded).toBe(3);
    const client = createRegistryClient();
    for (const { descriptor } of blobs) {
      expect(await client.blob(repositoryOf(server), descriptor, 10 << 20)).toHaveLength(descriptor.size);
    }
  });

  test.each([
    ["small", 1000],
    ["large", 5 << 20],
  ])("on disk that was changed (%s) is detected before any of it is sent", async (_name, size) => {
    const server = await registry();
    const blob = await onDisk(big("x", size));
    if (blob.source.kind === "file") await writeFile(blob.source.path, big("y", size));
    const failed = publishOnce({ root: manifest([blob]) }, { repository: repositoryOf(server), tag: "1" });
    await expect(failed).rejects.toThrow(`does not match ${blob.descriptor.digest}, or no longer does`);
    expect(writes(server)).toEqual([]);
  });

  test("on disk that became shorter is detected", async () => {
    const server = await registry();
    const blob = await onDisk("0123456789");
    if (blob.source.kind === "file") await truncate(blob.source.path, 5);
    await expect(
      publishOnce({ root: manifest([blob]) }, { repository: repositoryOf(server), tag: "1" }),
    ).rejects.toThrow("Do not change files while they are being published");
  });

  test("that is made on demand is made only if it is missing", async () => {
    const server = await registry();
    let made = 0;
    const deferred: Blob = {
      ...layer("made"),
      source: {
        kind: "deferred",
        open: async () => {
          made += 1;
          return Buffer.from("made");
        },
      },
    };
    const repository = repositoryOf(server);
    await publishOnce(
      { root: manifest([layer("{}"), deferred]) },
      { repository, tag: "1", aliases: ["latest"] },
    );
    expect(made).toBe(1);
    await publishOnce(
      { root: manifest([layer("{ }"), deferred]) },
      { repository, tag: "2", aliases: ["latest"] },
    );
    expect(made).toBe(1);
  });

  test("that is made on demand and does not match its digest is not sent", async () => {
    const server = await registry();
    const wrong: Blob = {
      ...layer("made"),
      source: { kind: "deferred", open: async () => Buffer.from("nade") },
    };
    await expect(
      publishOnce({ root: manifest([wrong]) }, { repository: repositoryOf(server), tag: "1" }),
    ).rejects.toThrow("The content made on demand does not match");
    expect(writes(server)).toEqual([]);
  });

  test("in another repository of the registry is mounted with one request", async () => {
    const server = await registry();
    const base = layer(big("base", 100_000));
    await publishOnce(
      { root: manifest([base]) },
      { repository: repositoryOf(server, "spin/base"), tag: "1" },
    );
    server.clearRequests();
    const mounting: Blob = {
      ...base,
      source: { kind: "repository", repository: repositoryOf(server, "spin/base") },
    };
    const report = await publishOnce(
      { root: manifest([layer("{}"), mounting]) },
      { repository: repositoryOf(server), tag: "1" },
    );
    expect(report.blobs).toEqual({ total: 2, uploaded: 1, mounted: 1, present: 0 });
    expect(server.requests.filter(({ kind }) => kind === "mount")).toHaveLength(1);
    expect(server.requests.filter(({ method, kind }) => method === "GET" && kind === "blob")).toEqual([]);
  });

  test.each([
    ["of another registry", personas.distribution, 100_000],
    ["of another registry, too large for memory,", personas.distribution, 9 << 20],
    ["of a registry that takes one POST", personas.zot, 100_000],
  ])("%s is copied", async (_name, persona, size) => {
    const source = await registry();
    const server = await registry({ persona });
    const base = layer(big("base", size));
    await publishOnce(
      { root: manifest([base]) },
      { repository: repositoryOf(source, "spin/base"), tag: "1" },
    );
    const copying: Blob = {
      ...base,
      source: { kind: "repository", repository: repositoryOf(source, "spin/base") },
    };
    const report = await publishOnce(
      { root: manifest([copying]) },
      { repository: repositoryOf(server), tag: "1" },
    );
    expect(report.blobs.uploaded).toBe(1);
    const client = createRegistryClient();
    expect(await client.blob(repositoryOf(server), base.descriptor, size)).toHaveLength(size);
  });

  test("whose copy ends early or is damaged is copied again", async () => {
    const source = await registry();
    const server = await registry();
    const base = layer(big("base", 9 << 20));
    await publishOnce(
      { root: manifest([base]) },
      { repository: repositoryOf(source, "spin/base"), tag: "1" },
    );
    const isRead = ({ method, kind }: { method: string; kind: string }) =>
      method === "GET" && kind === "blob";
    const broken = faultOn(isRead, { kind: "reset", when: "in-answer" });
    const damaged = faultOn(isRead, { kind: "corrupt-content" });
    source.setFaults((request) => broken(request) ?? damaged(request));
    const copying: Blob = {
      ...base,
      source: { kind: "repository", repository: repositoryOf(source, "spin/base") },
    };
    const report = await publishOnce(
      { root: manifest([copying]) },
      { repository: repositoryOf(server), tag: "1" },
    );
    expect(report).toMatchObject({ changed: true, retries: 2 });
  });

  test("that no longer exists is reported with where it should be", async () => {
    const server = await registry();
    const lost: Blob = {
      ...layer("lost"),
      source: { kind: "repository", repository: repositoryOf(server, "spin/base") },
    };
    await expect(
      publishOnce({ root: manifest([lost]) }, { repository: repositoryOf(server), tag: "1" }),
    ).rejects.toThrow(`refused to give out ${server.host}/spin/base@${lost.descriptor.digest}: 404`);
  });

  test("whose upload the registry lost starts a new session and never reuses the old one", async () => {
    const server = await registry({ persona: personas.distribution });
    const isUpload = ({ method, kind }: { method: string; kind: string }) =>
      method === "PUT" && kind === "upload";
    server.setFaults(faultOn(isUpload, { kind: "reset", when: "before-effect" }));
    await publishOnce(
      { root: manifest([layer(big("a", 50_000))]) },
      { repository: repositoryOf(server), tag: "1" },
    );
    const sessions = server.requests.filter(isUpload).map(({ path }) => path.split("?")[0]);
    expect(sessions).toHaveLength(2);
    expect(new Set(sessions).size).toBe(2);
  });

  test("whose session was opened by a failed mount does not use it twice either", async () => {
    const server = await registry({ persona: personas.distribution });
    const source = repositoryOf(server, "spin/base");
    const base = layer(big("base", 50_000));
    await publishOnce({ root: manifest([base]) }, { repository: source, tag: "1" });
    const isUpload = ({ method, kind }: { method: string; kind: string }) =>
      method === "PUT" && kind === "upload";
    server.clearRequests();
    server.setFaults(faultOn(isUpload, { kind: "reset", when: "before-effect" }));
    const fetch = createFetch({
      mirrors: [],
      retry: quick,
      // The registry does not see that a mount was asked for, and opens an upload, as one that knows no mounts does.
      exchange: (url, init) =>
        network(url.searchParams.has("mount") ? new URL(url.pathname, url.origin) : url, init),
    });
    const mounting: Blob = { ...base, source: { kind: "repository", repository: source } };
    const report = await publishOnce(
      { root: manifest([mounting]) },
      { repository: repositoryOf(server), tag: "1", fetch },
    );
    expect(report.blobs).toEqual({ total: 1, uploaded: 1, mounted: 0, present: 0 });
    const sessions = server.requests.filter(isUpload).map(({ path }) => path.split("?")[0]);
    expect(sessions).toHaveLength(2);
    expect(new Set(sessions).size).toBe(2);
  });

  test("that arrived although the response was lost is not sent again", async () => {
    const server = await registry();
    const isUpload = ({ method, kind }: { method: string; kind: string }) =>
      method === "POST" && kind === "upload";
    server.setFaults(faultOn(isUpload, { kind: "reset", when: "after-effect" }));
    await publishOnce({ root: manifest([layer("a")]) }, { repository: repositoryOf(server), tag: "1" });
    expect(server.requests.filter(isUpload)).toHaveLength(1);
  });

  test("that is too large for one body is uploaded in chunks", async () => {
    const server = await registry({ persona: personas.distribution });
    const limited = createFetch({
      mirrors: [],
      retry: quick,
      exchange: async (url, init) => {
        const tooLarge = Number(new Headers(init.headers).get("content-length")) > 20 << 20;
        return tooLarge ? new Response("<html>413</html>", { status: 413 }) : network(url, init);
      },
    });
    const blob = layer(big("pieces", 40 << 20));
    const report = await publishOnce(
      { root: manifest([blob]) },
      { repository: repositoryOf(server), tag: "1", fetch: limited },
    );
    expect(report.changed).toBe(true);
    expect(
      server.requests.filter(({ method }) => method === "PATCH").map(({ requestBytes }) => requestBytes),
    ).toEqual([16 << 20, 16 << 20]);
    const client = createRegistryClient();
    expect(await client.blob(repositoryOf(server), blob.descriptor, 40 << 20)).toHaveLength(40 << 20);
  });
});

const network = createNetwork();

describe("content that a registry has lost", () => {
  test.each(Object.values(personas))("is sent again if $name lacks it", async (persona) => {
    const server = await registry({ persona });
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(site("a", "b"), { repository, tag: "1", aliases: ["latest"] });
    const lost = faultOn(({ method, kind }) => method === "PUT" && kind === "manifest", {
      kind: "lost-blob",
    });
    server.setFaults(lost);
    const next = site("a", "b", "c");
    const report = await publishOnce(next, { repository, tag: "2", aliases: ["latest"] });
    expect(report).toMatchObject({ changed: true, retries: 1 });
    expect(await digestAt(server, "o/site", "2")).toBe(next.root.descriptor.digest);
  });

  test("is not searched for if the registry considers the manifest invalid", async () => {
    const server = await registry({
      faults: faultOn(
        ({ method, kind }) => method === "PUT" && kind === "manifest",
        {
          kind: "answer",
          reply: { status: 400, headers: {}, errors: [{ code: "MANIFEST_INVALID", message: "no" }] },
        },
        9,
      ),
    });
    const repository = { registry: server.host, name: "o/site" };
    await expect(publishOnce(site("a"), { repository, tag: "1" })).rejects.toThrow("400 MANIFEST_INVALID no");
    expect(server.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });
});

test("a 403 after successful writes is retried once", async () => {
  const server = await registry();
  const repository = { registry: server.host, name: "o/site" };
  const denied = { status: 403, headers: {}, errors: [{ code: "DENIED", message: "denied" }] };
  const isTag = ({ method, kind }: { method: string; kind: string }) =>
    method === "PUT" && kind === "manifest";
  server.setFaults(faultOn(isTag, { kind: "answer", reply: denied }));
  expect(await publishOnce(site("a"), { repository, tag: "1" })).toMatchObject({ changed: true, retries: 1 });
  server.setFaults(faultOn(isTag, { kind: "answer", reply: denied }, 9));
  await expect(publishOnce(site("b"), { repository, tag: "2" })).rejects.toThrow("403 DENIED denied");
});

test("nothing continues after an error", async () => {
  const server = await registry({ persona: personas.distribution, latencyMilliseconds: 5 });
  const repository = { registry: server.host, name: "o/site" };
  const client = createRegistryClient({ retry: quick });
  const state = await inspectTarget(client, { repository, tag: "1", aliases: [] });
  const wrong: Blob = {
    ...layer("made"),
    source: { kind: "deferred", open: async () => Buffer.from("nade") },
  };
  const many = Array.from({ length: 40 }, (_, i) => layer(big(`${i}.`, 10_000)));
  await expect(
    publish(client, { root: manifest([wrong, ...many]) }, state, { immutable: true }),
  ).rejects.toThrow("does not match");
  const before = client.traffic().requests;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(client.traffic().requests).toBe(before);
  expect(before).toBeLessThan(40);
});
