import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startRegistry } from "../../src/index.ts";
import {
  codeOf,
  digestOf,
  indexOf,
  indexType,
  manifestOf,
  manifestType,
  pushBlob,
  pushImage,
  putManifest,
  withRegistry,
} from "./client.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "registry-test-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Every file of the root that an image layout would have, sorted. */
async function files(): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

const blob = (digest: string) => `blobs/${digest.replace(":", "/")}`;

describe("the registry's folder", () => {
  test("holds an OCI image layout for each repository", () =>
    withRegistry(
      async (registry) => {
        const image = await pushImage(registry, "owner/site", "0.1.2", "{}");
        const index = indexOf(manifestOf("{}"));
        await putManifest(registry, "owner/site", "latest", index);
        expect(await files()).toEqual(
          [blob(digestOf("{}")), blob(image), blob(digestOf(index)), "index.json", "oci-layout"]
            .map((path) => `owner/site/${path}`)
            .sort(),
        );
        const read = async (path: string) =>
          JSON.parse(await readFile(join(root, "owner/site", path), "utf8"));
        expect(await read("oci-layout")).toEqual({ imageLayoutVersion: "1.0.0" });
        const name = (tag: string) => ({ "org.opencontainers.image.ref.name": tag });
        expect(await read("index.json")).toEqual({
          schemaVersion: 2,
          mediaType: indexType,
          manifests: [
            {
              mediaType: manifestType,
              digest: image,
              size: manifestOf("{}").length,
              annotations: name("0.1.2"),
            },
            {
              mediaType: indexType,
              digest: digestOf(index),
              size: index.length,
              annotations: name("latest"),
            },
          ],
        });
      },
      { root },
    ));

  test("is served again after a restart", async () => {
    const subject = { mediaType: manifestType, digest: digestOf(manifestOf("{}")), size: 1 };
    const referrer = manifestOf("{}", { subject });
    await withRegistry(
      async (registry) => {
        await pushImage(registry, "site", "1", "{}");
        await putManifest(registry, "site", digestOf(referrer), referrer);
      },
      { root },
    );
    await withRegistry(
      async ({ origin }) => {
        expect(await (await fetch(`${origin}/v2/site/manifests/1`)).text()).toBe(manifestOf("{}"));
        const referrers = await (await fetch(`${origin}/v2/site/referrers/${subject.digest}`)).json();
        expect(Object(referrers).manifests).toHaveLength(1);
        expect(await (await fetch(`${origin}/v2/_catalog`)).json()).toEqual({ repositories: ["site"] });
      },
      { root },
    );
  });

  test("may be served by two processes at once", async () => {
    const servers = await Promise.all([startRegistry({ root }), startRegistry({ root })]);
    try {
      const [first, second] = servers;
      await pushImage(first, "site", "a", "{}");
      await pushImage(second, "site", "b", "[]");
      const tags = await (await fetch(`${first.origin}/v2/site/tags/list`)).json();
      expect(Object(tags).tags).toEqual(["a", "b"]);
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  });

  test("stores a blob that was mounted once", () =>
    withRegistry(
      async (registry) => {
        const digest = await pushBlob(registry, "owner/site", "content");
        const url = `${registry.origin}/v2/owner/copy/blobs/uploads/?mount=${digest}&from=owner/site`;
        await fetch(url, { method: "POST" });
        await fetch(url, { method: "POST" });
        const [one, two] = await Promise.all(
          ["site", "copy"].map((name) => stat(join(root, "owner", name, blob(digest)))),
        );
        expect([one?.ino, one?.nlink]).toEqual([two?.ino, 2]);
      },
      { root },
    ));

  test("holds only complete content after a refusal, a broken connection and a close", async () => {
    await withRegistry(
      async ({ origin }) => {
        await fetch(`${origin}/v2/site/blobs/uploads/`, { method: "POST" });
        const wrong = `${origin}/v2/site/blobs/uploads/?digest=${digestOf("other")}`;
        await fetch(wrong, { method: "POST", body: "content" });
        const endless = new ReadableStream({
          start: (controller) => controller.enqueue(Buffer.alloc(1000)),
        });
        const aborted = new AbortController();
        const sent = fetch(wrong, { method: "POST", body: endless, duplex: "half", signal: aborted.signal });
        setTimeout(() => aborted.abort(), 50);
        await expect(sent).rejects.toThrow("aborted");
      },
      { root },
    );
    expect(await files()).toEqual([]);
  });

  test("survives concurrent pushes of the same and of different tags", () =>
    withRegistry(
      async (registry) => {
        const tags = Array.from({ length: 20 }, (_, number) => `t${String(number).padStart(2, "0")}`);
        await Promise.all(
          tags.flatMap((tag) => ["{}", "[]"].map((text) => pushImage(registry, "site", tag, text))),
        );
        expect(Object(await (await fetch(`${registry.origin}/v2/site/tags/list`)).json()).tags).toEqual(tags);
        const { manifests } = JSON.parse(await readFile(join(root, "site/index.json"), "utf8"));
        expect(manifests.length).toBeGreaterThanOrEqual(20);
      },
      { root },
    ));
});

test.each([
  "../evil",
  "%2e%2e/evil",
  "a%2f..%2f..%2fevil",
  "Upper",
  "a//b",
  "a/_b",
  "a%00b",
  "a/blobs",
  "site/index.json",
  "a".repeat(256),
])("a repository cannot be called %s", (name) =>
  withRegistry(
    async ({ host }) => {
      const { request } = await import("node:http"); // fetch would resolve the dots itself
      const status = await new Promise((done, failed) => {
        const [hostname, port] = host.split(":");
        const path = `/v2/${name}/blobs/uploads/?digest=${digestOf("x")}`;
        request({ hostname, port, method: "POST", path }, (response) => done(response.resume().statusCode))
          .on("error", failed)
          .end("x");
      });
      expect(status).toBe(400);
      expect(await files()).toEqual([]);
    },
    { root },
  ),
);

test("an unknown path is not found", () =>
  withRegistry(async ({ origin }) => {
    for (const path of ["/", "/v2/site", "/v2/site/tags", "/v2/site/tags/other", "/v3/"]) {
      expect([path, (await fetch(origin + path)).status]).toEqual([path, 404]);
    }
    const malformed = await fetch(`${origin}/v2/site/blobs/sha256:xyz`);
    expect([malformed.status, await codeOf(malformed)]).toEqual([400, "DIGEST_INVALID"]);
  }));

test("closing waits for requests under way, so that nothing is left behind", async () => {
  const registry = await startRegistry({ root, latencyMilliseconds: 1 });
  const pushes = Array.from({ length: 30 }, (_, number) => pushBlob(registry, "site", `content ${number}`));
  const ended = Promise.allSettled(pushes);
  while (registry.requests.length < 5) await new Promise((turn) => setImmediate(turn));
  await registry.close();
  const before = await files();
  await ended;
  expect(await files()).toEqual(before);
  expect(before.filter((path) => path.startsWith(".uploads"))).toEqual([]);
});

test("closing does not wait for an origin that never answers", async () => {
  let asked = false;
  const never = (_url: string | URL, init?: RequestInit) =>
    new Promise<Response>((_, failed) => {
      init?.signal?.addEventListener("abort", () => failed(init.signal?.reason));
      asked = true;
    });
  const registry = await startRegistry({
    root,
    pullThrough: [{ prefix: "base", origin: "http://base.invalid", fetch: never }],
  });
  const waiting = expect(fetch(`${registry.origin}/v2/base/manifests/1`)).rejects.toThrow("fetch failed");
  while (!asked) await new Promise((turn) => setImmediate(turn));
  await registry.close();
  await waiting;
});
