import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { createRegistryClient, parseReference, readLayout } from "@spin-publisher/oci";
import {
  type ActionProcess,
  pullRequest,
  pushTag,
  type RegistryServer,
  runActionProcess,
  startRegistry,
  startUpstream,
  type Upstream,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { project } from "./project.ts";
import { withComponent } from "./reading.ts";
import { writeTree } from "./tree.ts";
import { coreModule } from "./wasm.ts";

const test = testNeeding("the sandbox's runner");

const action = join(import.meta.dirname, "..");

let registry: RegistryServer;
let upstream: Upstream;
let site: string;

beforeAll(async () => {
  [registry, upstream] = await Promise.all([startRegistry(), startUpstream()]);
  const digests = await upstream.moduleDigests();
  const sourceOf = (end: string) => {
    const [url = "", digest = ""] = [...digests].find(([url]) => url.endsWith(end)) ?? [];
    return `{ url = "${url}", digest = "${digest}" }`;
  };
  site = await project({
    "spin.toml": `
spin_manifest_version = 2
[application]
name = "site"
version = "0.1.2"
[[trigger.http]]
route = "/..."
component = "bartholomew"
[[trigger.http]]
route = "/static/..."
component = "fileserver"
[component.bartholomew]
source = ${sourceOf("/bartholomew.wasm")}
files = ["content/**/*"]
[component.fileserver]
source = ${sourceOf("/spin_static_fs.wasm")}
files = [{ source = "static/", destination = "/" }]
`,
    "content/index.md": `# Hello\n\n${"A page about the sea. ".repeat(20)}\n`,
    "content/about.md": `# About\n\n${"Nothing much. ".repeat(20)}\n`,
    "static/style.css": "body { color: #123 }\n",
  });
});
afterAll(() => Promise.all([registry.close(), upstream.close()]));

function push(inputs: Readonly<Record<string, string>> = {}, options: Partial<ActionProcess> = {}) {
  return runActionProcess({
    action,
    workspace: site,
    mirrors: `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`,
    inputs,
    ...options,
  });
}

const writes = () => registry.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");

describe("the published action", () => {
  test("publishes the site under the Git tag, and does nothing the second time", async () => {
    const first = await push();
    expect(first.log).toContain("Published: ghcr.io/octo-org/site/content:0.1.2@sha256:");
    expect(first).toMatchObject({
      exitCode: 0,
      outputs: { tag: "0.1.2", "build-id": "0.1.2", changed: "true" },
    });
    const { registry: host, name, digest = "" } = parseReference(first.outputs.reference ?? "");
    expect([host, name, digest]).toEqual(["ghcr.io", "octo-org/site/content", first.outputs.digest]);

    const client = createRegistryClient();
    const manifest = await client.manifest({ registry: registry.host, name, tag: "0.1.2" });
    expect(manifest?.descriptor.digest).toBe(digest);
    expect(manifest?.document.annotations).toEqual({
      "org.opencontainers.image.source": "https://github.com/octo-org/site",
      "org.opencontainers.image.title": "site",
      "org.opencontainers.image.version": "0.1.2",
    });

    registry.clearRequests();
    const second = await push();
    expect(second.outputs).toMatchObject({ changed: "false", digest, "uploaded-bytes": "0" });
    expect(registry.requests.length).toBeLessThanOrEqual(2);
    expect(writes()).toEqual([]);
  });

  test("says in the job summary what changed since the version that an alias points at", async () => {
    await push({ tag: "1", aliases: "current" });
    await writeTree(site, { "content/news.md": "# News\n\nThe tide is out.\n" });
    const { summary } = await push({ tag: "2", aliases: "current" });
    expect(summary).toContain("| added | <code>bartholomew/content/news.md</code> |  | 25 B |");
    expect(summary).toMatch(/spin up --from-registry ghcr\.io\/octo-org\/site\/content@sha256:[0-9a-f]{64}/);
  });

  test("refuses to let a tag mean something else, naming the file", async () => {
    await push({ tag: "3" });
    await writeTree(site, { "content/about.md": "# About\n" });
    registry.clearRequests();
    const { exitCode, log } = await push({ tag: "3" });
    expect(exitCode).toBe(1);
    expect(log).toContain("bartholomew/content/about.md (changed: 290 B → 8 B)");
    expect(writes()).toEqual([]);
  });

  test("leaves an OCI layout and an untouched registry in a dry run", async () => {
    registry.clearRequests();
    const { exitCode, outputs } = await push(
      { "dry-run": "true" },
      { event: pullRequest(), temp: await project() },
    );
    expect({ exitCode, tag: outputs.tag }).toEqual({ exitCode: 0, tag: expect.stringMatching(/^pr-7-/) });
    expect(writes()).toEqual([]);
    const { root } = await readLayout(outputs.layout ?? "");
    expect(root.descriptor.digest).toBe(outputs.digest);
  });

  test("honours its other inputs and SOURCE_DATE_EPOCH", async () => {
    const folder = await project({
      "app/source.bin": coreModule,
      "app/page.md": "page ".repeat(100),
      "app/spin.toml": `spin_manifest_version = 2
[application]
name = "app"
[[trigger.http]]
route = "/..."
component = "web"
[component.web]
source = "web.wasm"
files = ["page.md"]
[component.web.build]
command = "false"
[component.web.profile.debug.build]
command = "cp source.bin web.wasm"
`,
    });
    const { exitCode, outputs, annotations } = await push(
      {
        manifest: "app",
        tag: "0.1.2-rc.1",
        layers: "archive",
        engine: "native",
        build: "true",
        profile: "debug",
        annotations: "com.example.team=web",
        "dry-run": "true",
      },
      { workspace: folder, temp: await project(), env: { SOURCE_DATE_EPOCH: "1700000000" } },
    );
    expect({ exitCode, annotations }).toEqual({ exitCode: 0, annotations: [] });
    const { root } = await readLayout(outputs.layout ?? "");
    expect(root.document).toMatchObject({
      annotations: {
        "com.example.team": "web",
        "org.opencontainers.image.created": "2023-11-14T22:13:20+00:00",
        "org.opencontainers.image.source": "https://github.com/octo-org/site",
        "org.opencontainers.image.title": "app",
      },
      layers: [
        { mediaType: "application/vnd.wasm.content.layer.v1+wasm", size: coreModule.length },
        { mediaType: "application/vnd.wasm.content.bundle.v1.tar+gzip" },
        { mediaType: "application/vnd.fermyon.spin.application.v1+config" },
      ],
    });
  });

  test("never moves latest back, although the manifest has the same version for all releases", async () => {
    const reference = "ghcr.io/octo-org/site/forward";
    const release = (tag: string) =>
      push({ aliases: "auto", tag: "auto", reference, layers: "files" }, { event: pushTag(tag) });
    const client = createRegistryClient();
    const pointsAt = (tag: string) =>
      client
        .manifest({ registry: registry.host, name: "octo-org/site/forward", tag })
        .then((manifest) => manifest?.descriptor.digest);
    const digests: (string | undefined)[] = [];
    for (const tag of ["0.1.2", "0.2.0", "0.1.9"]) {
      const { exitCode } = await release(tag);
      digests.push(await pointsAt(tag));
      expect({ tag, exitCode }).toEqual({ tag, exitCode: 0 });
    }
    expect(new Set(digests).size).toBe(3);
    expect(await pointsAt("latest")).toBe(digests[1]);
  });

  test("uses its working directory if GITHUB_WORKSPACE is empty", async () => {
    const workspace = await project({ "spin.toml": withComponent(""), "web.wasm": coreModule });
    const { exitCode } = await push(
      { tag: "7", "dry-run": "true" },
      { workspace, env: { GITHUB_WORKSPACE: "" }, temp: await project() },
    );
    expect(exitCode).toBe(0);
  });

  test("downloads no module that the registry already has", async () => {
    await push({ tag: "4" });
    const before = upstream.requests.length;
    await writeTree(site, { "content/later.md": "# Later\n" });
    const { exitCode } = await push({ tag: "5" });
    expect({ exitCode, downloads: upstream.requests.length - before }).toEqual({ exitCode: 0, downloads: 0 });
  });

  test.each([
    ["no manifest", { manifest: "nowhere" }, '"nowhere" does not exist. Set the input'],
    [
      "a malformed reference",
      { reference: "ghcr.io/octo-org/site:latest" },
      "expected a repository without a tag or digest",
    ],
    ["an unknown way of layering", { layers: "zip" }, 'Input "layers" must be one of auto, files, archive'],
  ])("says what is wrong with %s, and writes nothing", async (_name, inputs, message) => {
    registry.clearRequests();
    const { exitCode, log } = await push(inputs);
    expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining(message) });
    expect(writes()).toEqual([]);
  });

  test("names file and line of a mistake in the manifest", async () => {
    const folder = await project({ "web.wasm": coreModule });
    await writeFile(
      join(folder, "spin.toml"),
      'spin_manifest_version = 2\n[application]\nname = "x"\n[trigger]\n[component.web]\nsource = "web.wasm"\nfils = []\n',
    );
    const { exitCode, log, annotations } = await push({ tag: "6" }, { workspace: folder });
    expect(exitCode).toBe(1);
    expect(log).toContain('spin.toml:7: component.web has an unknown field "fils"');
    expect(annotations).toMatchObject([{ level: "error", file: "spin.toml", line: 7 }]);
  });
});
