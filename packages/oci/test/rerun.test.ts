import { describe, expect, test } from "@jest/globals";
import { createFetch, type Fetch } from "@spin-publisher/http";
import { createRegistryClient, inspectTarget, publish } from "../src/index.ts";
import { digestAt, publishOnce, quick, registry, shim, site, writes } from "./fixtures.ts";

const content = site("<h1>Home</h1>", "<p>About</p>");
const changed = site("<h1>Home</h1>", "<p>About us</p>");

/** A network that is cut, once and for all, before the n-th request that matches. */
function cutBefore(matches: (method: string, url: URL) => boolean): Fetch {
  const send = createFetch({ mirrors: [], retry: { ...quick, attempts: 1 } });
  let dead = false;
  return async (input, init = {}) => {
    dead ||= matches(init.method ?? "GET", new URL(input));
    if (dead) throw new Error("killed");
    return send(input, init);
  };
}

describe("the same tag again", () => {
  test("with the same content changes nothing and writes nothing, whoever runs it", async () => {
    const server = await registry();
    const target = { repository: { registry: server.host, name: "o/site" }, tag: "0.1.2" };
    const first = await publishOnce(content, target);
    expect(first.changed).toBe(true);
    server.clearRequests();
    const second = await publishOnce(site("<h1>Home</h1>", "<p>About</p>"), target);
    expect(second).toMatchObject({ changed: false, digest: first.digest, uploadedBytes: 0, requests: 1 });
    expect(second.blobs).toEqual({ total: 3, uploaded: 0, mounted: 0, present: 3 });
    expect(server.requests.map(({ method, kind }) => `${method} ${kind}`)).toEqual(["GET manifest"]);
  });

  test("makes one more request for each alias that is up to date", async () => {
    const server = await registry();
    const target = {
      repository: { registry: server.host, name: "o/site" },
      tag: "0.1.2",
      aliases: ["latest", "stable"],
    };
    await publishOnce(content, target);
    server.clearRequests();
    const { aliases } = await publishOnce(content, target);
    expect(aliases).toEqual([
      { tag: "latest", outcome: "unchanged" },
      { tag: "stable", outcome: "unchanged" },
    ]);
    expect(server.requests).toHaveLength(3);
    expect(writes(server)).toEqual([]);
  });

  test("after a kill before the tag is written finishes with the same digest and sends only what is missing", async () => {
    const server = await registry();
    const target = { repository: { registry: server.host, name: "o/site" }, tag: "0.1.2" };
    const fetch = cutBefore(
      (method, { pathname }) => method === "PUT" && pathname.endsWith("/manifests/0.1.2"),
    );
    await expect(publishOnce(content, { ...target, fetch })).rejects.toThrow("killed");
    expect(await digestAt(server, "o/site", "0.1.2")).toBeNull();
    server.clearRequests();
    const report = await publishOnce(content, target);
    expect(report).toMatchObject({ changed: true, digest: content.root.descriptor.digest });
    expect(report.blobs).toEqual({ total: 3, uploaded: 0, mounted: 0, present: 3 });
    expect(writes(server)).toEqual(["PUT manifest"]);
  });

  test("after a kill between tag and alias sets only the alias", async () => {
    const server = await registry();
    const target = {
      repository: { registry: server.host, name: "o/site" },
      tag: "0.1.2",
      aliases: ["latest"],
    };
    const fetch = cutBefore(
      (method, { pathname }) => method === "PUT" && pathname.endsWith("/manifests/latest"),
    );
    await expect(publishOnce(content, { ...target, fetch })).rejects.toThrow("killed");
    server.clearRequests();
    const report = await publishOnce(content, target);
    expect(report).toMatchObject({ changed: false, aliases: [{ tag: "latest", outcome: "moved" }] });
    expect(writes(server)).toEqual(["PUT manifest"]);
    expect(await digestAt(server, "o/site", "latest")).toBe(report.digest);
  });

  test("after a kill before any request succeeds, whichever request it was", async () => {
    const image = shim("7");
    for (let survived = 0; ; survived += 1) {
      const server = await registry();
      const target = {
        repository: { registry: server.host, name: "o/site" },
        tag: "0.1.2",
        aliases: ["latest"],
      };
      let sent = 0;
      const fetch = cutBefore(() => {
        sent += 1;
        return sent > survived;
      });
      const died = await publishOnce(image, { ...target, fetch }).then(
        () => false,
        () => true,
      );
      const held = await digestAt(server, "o/site", "0.1.2");
      expect([null, image.root.descriptor.digest]).toContain(held);
      const report = await publishOnce(image, target);
      expect(report.changed).toBe(held === null);
      expect(await digestAt(server, "o/site", "0.1.2")).toBe(image.root.descriptor.digest);
      expect(await digestAt(server, "o/site", "latest")).toBe(image.root.descriptor.digest);
      if (!died) break;
      expect(survived).toBeLessThan(30);
    }
  });

  test("with a changed page is refused before the first byte, naming both digests and the two ways to proceed", async () => {
    const server = await registry();
    const target = {
      repository: { registry: server.host, name: "o/site" },
      tag: "0.1.2",
      aliases: ["latest"],
    };
    await publishOnce(content, target);
    server.clearRequests();
    const refused = publishOnce(changed, {
      ...target,
      describeDifference: async (existing) => [
        `about.html (the tag holds ${existing.document.schemaVersion})`,
      ],
    });
    await expect(refused).rejects.toThrow(
      `${server.host}/o/site:0.1.2 already points at ${content.root.descriptor.digest}, but this run built ${changed.root.descriptor.digest}`,
    );
    await expect(refused).rejects.toThrow("about.html (the tag holds 2)");
    await expect(refused).rejects.toThrow(
      "Publish under a new tag, or set immutable: false to move this one.",
    );
    expect(writes(server)).toEqual([]);
    expect(server.requests.every(({ requestBytes }) => requestBytes === 0)).toBe(true);
    expect(await digestAt(server, "o/site", "latest")).toBe(content.root.descriptor.digest);
  });

  test("with a changed page moves the tag if that was requested", async () => {
    const server = await registry();
    const target = { repository: { registry: server.host, name: "o/site" }, tag: "main" };
    await publishOnce(content, target);
    const report = await publishOnce(changed, { ...target, immutable: false });
    expect(report).toMatchObject({ changed: true, digest: changed.root.descriptor.digest });
    expect(await digestAt(server, "o/site", "main")).toBe(changed.root.descriptor.digest);
  });

  test("from two publishers with different content: one wins, the other reports the conflict", async () => {
    const server = await registry();
    const target = {
      repository: { registry: server.host, name: "o/site" },
      tag: "0.1.2",
      aliases: ["latest"],
    };
    const outcomes = await Promise.allSettled([publishOnce(content, target), publishOnce(changed, target)]);
    const [won] = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const [lost] = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [String(outcome.reason)] : [],
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(lost).toContain(`already points at ${won?.digest}`);
    expect(await digestAt(server, "o/site", "0.1.2")).toBe(won?.digest);
    expect(await digestAt(server, "o/site", "latest")).toBe(won?.digest);
  });

  test("written by another publisher during the build is detected before it is written", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    const client = createRegistryClient({ retry: quick });
    const state = await inspectTarget(client, { repository, tag: "0.1.2", aliases: ["latest"] });
    await publishOnce(content, { repository, tag: "0.1.2" });
    server.clearRequests();
    await expect(publish(client, changed, state, { immutable: true })).rejects.toThrow(
      `already points at ${content.root.descriptor.digest}`,
    );
    expect(writes(server)).not.toContain("PUT manifest");
    expect(await digestAt(server, "o/site", "latest")).toBeNull();
  });

  test("written by another publisher with the same content counts as done", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    const client = createRegistryClient({ retry: quick });
    const state = await inspectTarget(client, { repository, tag: "0.1.2", aliases: [] });
    await publishOnce(content, { repository, tag: "0.1.2" });
    expect(await publish(client, content, state, { immutable: true })).toMatchObject({ changed: false });
  });

  test("keeps an alias if the policy says so, and gives the reason", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(content, { repository, tag: "0.2.0", aliases: ["latest"] });
    const report = await publishOnce(changed, {
      repository,
      tag: "0.1.3",
      aliases: ["latest"],
      keepAlias: (alias) => `${alias} holds the newer 0.2.0`,
    });
    expect(report.aliases).toEqual([
      { tag: "latest", outcome: "kept", reason: "latest holds the newer 0.2.0" },
    ]);
    expect(await digestAt(server, "o/site", "latest")).toBe(content.root.descriptor.digest);
  });
});
