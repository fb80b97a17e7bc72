import { describe, expect, test } from "@jest/globals";
import { digestOf, type ImageManifest, parseDigest } from "@spin-publisher/oci";
import { serialiseLockedApp } from "@spin-publisher/spin-artifact";
import { annotationsOf } from "../src/artifact/annotations.ts";
import { contentArtifact } from "../src/artifact/content-artifact.ts";
import { assemble } from "../src/engine/native.ts";
import type { Content } from "../src/files/content.ts";
import { lockApplication } from "../src/locked-app/lock.ts";
import { readManifest, readManifestFile } from "../src/manifest/read.ts";
import { createModuleCache } from "../src/sources/cache.ts";
import { filesContext, sourcesContext } from "./contexts.ts";
import { project } from "./project.ts";
import { component } from "./wasm.ts";

const offline = {
  fetch: async () => {
    throw new Error("nothing is to be downloaded here");
  },
  sizeInRegistry: async () => undefined,
};

/** The files of the Bartholomew site template at d4b0633: component, path, digest, size. */
const templateFiles = [
  [
    "bartholomew",
    "config/site.toml",
    "bd18700d5737e87fefb8547d65a143cf4f5c5cf4c0a47e40b3672a8c80e8dc8c",
    371,
  ],
  ["bartholomew", "content/blog.md", "0e8fdfa68c6a25bb6a1d5f863981553a68f7693dce017d2976933d3ef90d4759", 247],
  [
    "bartholomew",
    "content/index.md",
    "c62d66008e3e7e39882e11834b9ff2028439e09f55c592343652266762185e68",
    895,
  ],
  [
    "bartholomew",
    "scripts/blogs.rhai",
    "4b1012d10db47106dec1258ba9f7dba57fb19d0b434613a21559e0f0713d4707",
    975,
  ],
  [
    "bartholomew",
    "scripts/get_page.rhai",
    "d1baea45c6a1bb8c94733200e39d015f4234b015fd952cbbefc074c11e86980b",
    439,
  ],
  [
    "bartholomew",
    "shortcodes/alert.rhai",
    "92bce6058d2d885017b262d46d55ff2d3d9a5d0bd74c38667134c01a38b2b3d7",
    1704,
  ],
  [
    "bartholomew",
    "templates/blog.hbs",
    "46c9d793564d1ac75a2c767cf9a0a5eeb5d74c77c0e46618bbafd9c53905cca1",
    747,
  ],
  [
    "bartholomew",
    "templates/content_bottom.hbs",
    "cb1eee9f6183fd20b666a38cb2113ffa624a67633e0ac406dc4fa25dc4f6dbb8",
    210,
  ],
  [
    "bartholomew",
    "templates/content_sidebar.hbs",
    "fa3167d29880364794ef9881eef85f7f4081234f88c3b9344e14a1c4451eea57",
    718,
  ],
  [
    "bartholomew",
    "templates/content_top.hbs",
    "7a8fc062a8cd435d5c45bb5eabb112e18fe545f3f9c381a0a67161a2f940d272",
    1267,
  ],
  [
    "bartholomew",
    "templates/main.hbs",
    "ea495b27d4a7e2165c65b602b75f1b661fdbbefc0039b3603a30178191fc3d71",
    749,
  ],
  ["fileserver", "example.txt", "1675175b85cda883ef8f6e61aeba95d4fe3db98a435c7038f8cad137c2e36984", 177],
] as const;

const modules = {
  bartholomew: "sha256:c7261135e5e8057c0f4646efd0df2145109e60b7c1911726c3655abf58e846a9",
  fileserver: "sha256:650376c33a0756b1a52cad7ca670f1126391b79050df0321407da9c741d32375",
};

function known(digest: string, size: number): Content {
  const open = async () => Buffer.alloc(0);
  return { digest: parseDigest(digest), size, source: { kind: "deferred", open } };
}

function prepareTemplate(manifest: string) {
  const application = readManifest(Buffer.from(manifest));
  const components = application.components.map((component) => ({
    component,
    source: known(component.source.kind === "url" ? component.source.digest : "", 1000),
    files: templateFiles
      .filter(([id]) => id === component.id)
      .map(([, path, hex, size]) => ({ path, origin: path, content: known(`sha256:${hex}`, size) })),
  }));
  const layers = components.map(({ source, files }) => ({
    module: source,
    files: files.map(({ path, content }) => ({ key: path, content })),
  }));
  return { app: lockApplication(application, components), layers };
}

const version1 = `
name = "bartholomew-template"
spin_version = "1"
version = "0.1.0"
description = "Your new Bartholomew website."
trigger = { type = "http", base = "/" }

[[component]]
id = "bartholomew"
files = ["content/**/*", "templates/**/*", "scripts/*", "config/*", "shortcodes/*"]
source = { url = "https://example.com/bartholomew.wasm", digest = "${modules.bartholomew}" }
trigger = { route = "/..." }

[[component]]
id = "fileserver"
files = [{ source = "static/", destination = "/" }]
source = { url = "https://example.com/spin_static_fs.wasm", digest = "${modules.fileserver}" }
trigger = { route = "/static/..." }
`;

const version2 = `
spin_manifest_version = 2

[application]
name = "bartholomew-template"
version = "0.1.0"
description = "Your new Bartholomew website."

[[trigger.http]]
route = "/..."
component = "bartholomew"

[[trigger.http]]
route = "/static/..."
component = "fileserver"

[component.bartholomew]
source = { url = "https://example.com/bartholomew.wasm", digest = "${modules.bartholomew}" }
files = ["content/**/*", "templates/**/*", "scripts/*", "config/*", "shortcodes/*"]

[component.fileserver]
source = { url = "https://example.com/spin_static_fs.wasm", digest = "${modules.fileserver}" }
files = [{ source = "static/", destination = "/" }]
`;

describe("The Bartholomew site template", () => {
  test.each([
    {
      version: 1,
      manifest: version1,
      size: 2318,
      lockedApp: "sha256:5d149c3060eeb93bb7f30a5f773a8a96c1afa82dfd72d0201ba2c180f281f2f4",
      config: "sha256:be4a27da626e105b8b7788d76777038cc72c23f55ee444654c592279f294fff3",
    },
    {
      version: 2,
      manifest: version2,
      size: 2128,
      lockedApp: "sha256:d0477c5af11a9b4cbef18a5e10609fbbcb53a2978b788b7e79db01e3275912ec",
      config: "sha256:2cdb16d0b6ace2b000009848e5f1a97efc2b786e48c9de5ddc3abe8efcf5d374",
    },
  ])(
    "as manifest version $version is the locked application Spin makes",
    async ({ manifest, ...expected }) => {
      const { app, layers } = prepareTemplate(manifest);
      const text = serialiseLockedApp(app);
      expect({ size: text.length, lockedApp: digestOf(text) }).toEqual({
        size: expected.size,
        lockedApp: expected.lockedApp,
      });
      const { root } = await contentArtifact(app, layers, {
        mode: "files",
        archives: { folder: "", known: new Map() },
        annotations: {},
      });
      expect(root.blobs[0]?.descriptor).toMatchObject({ digest: expected.config, size: 209 });
      expect(root.blobs.slice(1).map(({ descriptor }) => descriptor.digest)).toEqual([
        modules.bartholomew,
        ...templateFiles.slice(0, 11).map(([, , hex]) => `sha256:${hex}`),
        modules.fileserver,
        `sha256:${templateFiles[11][2]}`,
        expected.lockedApp,
      ]);
    },
  );
});

describe("A site of everything at once", () => {
  const manifest = `
spin_manifest_version = 2

[application]
name = "mini-site"
version = "1.2.3"
description = 'Tiny "quoted" site'
authors = ["Ada <ada@example.com>", "Bob"]

[variables]
token = { required = true, secret = true }
greeting = { default = "hello" }

[[trigger.http]]
route = "/..."
component = "cms"

[[trigger.http]]
route = "/static/..."
component = "files"

[component.cms]
source = "cms.wasm"
files = ["content/**/*"]
environment = { PREVIEW_MODE = "0", BASE_URL = "https://example.com" }
[component.cms.variables]
greeting = "{{ greeting }}!"

[component.files]
source = "files.wasm"
files = [{ source = "static/", destination = "/" }]
[component.files.build]
command = "make"
`;

  test("has the manifest digest that the rules of Spin's format give it", async () => {
    const folder = await project({
      "spin.toml": manifest,
      "cms.wasm": Buffer.concat([component, Buffer.from("00cb01027a7a", "hex"), Buffer.alloc(200)]),
      "files.wasm": component,
      "content/dup.txt": "b".repeat(150),
      "content/empty.md": "",
      "content/index.md": `${"a".repeat(200)}\n`,
      "static/dup.txt": "b".repeat(150),
      "static/small.txt": "hi\n",
      "static/\u00e9.txt": "x".repeat(129),
    });
    const application = await readManifestFile(`${folder}/spin.toml`);
    const cache = createModuleCache(folder);
    const context = { ...offline, ...sourcesContext(folder), ...filesContext(folder), cache };
    const { app, layers } = await assemble(application, context);
    const annotations = annotationsOf(application, { sourceDateEpoch: 1704067200, explicit: {} });
    const { root } = await contentArtifact(app, layers, {
      mode: "auto",
      archives: { folder, known: new Map() },
      annotations,
    });

    expect(root.blobs.at(-1)?.descriptor).toMatchObject({
      digest: "sha256:eb57a4da47f0f0b93879aa9e103b20acb7140a1529521b60851f088e8b041bbb",
      size: 1634,
    });
    expect(root.blobs[0]?.descriptor).toMatchObject({
      digest: "sha256:a6e5bb28960b4018f4829c631ac634aa2764554794c40a5f2da2871fe14a6504",
      size: 209,
    });
    expect(root.descriptor).toEqual({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: "sha256:46c1acef5584c23071402c380cd3b801a2919048ed257b144a6bb19a7f77e5d8",
      size: 1408,
    });
    const document: ImageManifest = JSON.parse(Buffer.from(root.bytes).toString());
    expect(document.layers).toHaveLength(6);
  });
});
