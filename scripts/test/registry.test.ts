import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { seedSpinImages, spinReleases, startRegistry } from "@spin-publisher/sandbox";
import { serveRegistry } from "../registry.ts";
import { inventory } from "../registry-inventory.ts";
import { commandsFor, registryPage } from "../registry-page.ts";

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
  expect(lines[0]).toMatch(/^http:\/\/localhost:\d+ shows and serves /);
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

describe("the page at /", () => {
  /** Pushes a manifest with its config and layers. */
  async function push(
    origin: string,
    repository: string,
    tag: string,
    document: object,
    blobs: readonly string[],
  ) {
    for (const blob of blobs) {
      const digest = `sha256:${createHash("sha256").update(blob).digest("hex")}`;
      const url = `${origin}/v2/${repository}/blobs/uploads/?digest=${encodeURIComponent(digest)}`;
      expect((await fetch(url, { method: "POST", body: blob })).status).toBe(201);
    }
    const url = `${origin}/v2/${repository}/manifests/${tag}`;
    const headers = { "content-type": "application/vnd.oci.image.manifest.v1+json" };
    const pushed = await fetch(url, { method: "PUT", headers, body: JSON.stringify(document) });
    expect(await pushed.text()).toBe("");
  }
  const blob = (content: string, mediaType: string, annotations = {}) => ({
    mediaType,
    digest: `sha256:${createHash("sha256").update(content).digest("hex")}`,
    size: content.length,
    annotations,
  });
  const chart = {
    schemaVersion: 2,
    config: blob("{}", "application/vnd.cncf.helm.config.v1+json"),
    layers: [blob("tgz", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
  };

  test("shows tags, digests, sizes, layers and commands, and asks a browser to run and load nothing", async () => {
    await seedSpinImages(
      folder,
      spinReleases.filter(({ tag }) => tag === "v4.0.2"),
    );
    const registry = await serveRegistry(folder, 0, () => {}, "Stand-ins");
    const host = `localhost:${new URL(registry.origin).port}`;
    await push(registry.origin, "o/site/charts/bart", "1.0.0", chart, ["{}", "tgz"]);
    const response = await fetch(`${registry.origin}/`);
    const page = await response.text();
    await registry.close();
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline';/,
    );
    expect(page).toContain("<h2>Helm chart <code>o/site/charts/bart</code></h2>");
    expect(page).toContain(
      `helm template site oci://${host}/o/site/charts/bart --version 1.0.0 --plain-http`,
    );
    expect(page).toContain("<dt>Size</dt><dd>");
    expect(page).toContain("<summary>1 layer</summary>");
    expect(page).toContain("1 base image in <code>spinframework/spin</code>");
    expect(page).toContain("<dt>Platforms</dt><dd>linux/amd64, linux/arm64</dd>");
    expect(page).toContain("<p>Stand-ins</p>");
    expect(page).not.toMatch(/<script|src=|url\(|@import/);
  });

  test("leaves the API as it is, and exists at / only", async () => {
    const registry = await serveRegistry(folder, 0, () => {});
    const [api, elsewhere, posted] = await Promise.all([
      fetch(`${registry.origin}/v2/`),
      fetch(`${registry.origin}/index.html`),
      fetch(`${registry.origin}/`, { method: "POST" }),
    ]);
    const empty = await (await fetch(`${registry.origin}/`)).text();
    await registry.close();
    expect([api.status, await api.text()]).toEqual([200, "{}"]);
    expect([elsewhere.status, posted.status]).toEqual([404, 404]);
    expect(empty).toContain("Nothing has been published yet. Run <code>make</code>");
  });

  test("does not exist in the sandbox's registry by itself", async () => {
    const registry = await startRegistry();
    const { status } = await fetch(`${registry.origin}/`);
    await registry.close();
    expect(status).toBe(404);
  });

  test("escapes whatever a publisher wrote", async () => {
    const evil = `</title><script>alert("1")</script><img src=x onerror='alert(2)'>&amp;`;
    const registry = await startRegistry();
    await push(
      registry.origin,
      "o/evil",
      "1",
      {
        ...chart,
        annotations: {
          "org.opencontainers.image.description": evil,
          "org.opencontainers.image.source": evil,
        },
        layers: [blob("tgz", evil), blob("tgz", "x", { "org.opencontainers.image.title": evil })],
      },
      ["{}", "tgz"],
    );
    const page = registryPage(await inventory(registry), { host: evil, folder: evil, notice: evil });
    await registry.close();
    expect(page.match(/<script|<img|&amp;(?!amp;)/g)).toBeNull();
    expect(page.match(/&lt;script&gt;alert\(&quot;1&quot;\)/g)?.length).toBeGreaterThanOrEqual(7);
    expect(page.match(/<[a-z][^>]*>/g)?.join("")).not.toMatch(/onerror|alert/);
  });

  test("lists all tags of one digest together, the newest artifact first", async () => {
    const registry = await startRegistry();
    await push(registry.origin, "o/chart", "1.0.0", chart, ["{}", "tgz"]);
    await push(registry.origin, "o/chart", "1.1.0", { ...chart, annotations: { a: "b" } }, []);
    await push(registry.origin, "o/chart", "latest", { ...chart, annotations: { a: "b" } }, []);
    const [repository] = await inventory(registry);
    await registry.close();
    expect(repository?.artifacts.map(({ kind, tags }) => [kind, tags])).toEqual([
      ["chart", ["1.1.0", "latest"]],
      ["chart", ["1.0.0"]],
    ]);
  });

  test.each([
    ["content", "spin up --insecure --from-registry localhost:5000/o/x:1"],
    ["image", "docker run --rm --publish 3000:3000 localhost:5000/o/x:1"],
    ["chart", "helm template site oci://localhost:5000/o/x --version 1 --plain-http"],
    ["other", "skopeo inspect --raw --tls-verify=false docker://localhost:5000/o/x:1"],
  ] as const)("offers the command for %s first", (kind, command) => {
    const artifact = { kind, tags: ["1"], digest: "sha256:a", size: 1, annotations: {}, parts: [] };
    const address = {
      host: "localhost:5000",
      repository: "o/x",
      tag: "1",
      reference: "localhost:5000/o/x:1",
    };
    expect(commandsFor(artifact, address)[0]).toBe(command);
  });
});
