import { gunzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { blobOf, digestOf, type Manifest, manifestOf, parseRepository } from "@spin-publisher/oci";
import { findContent } from "../src/content/find-content.ts";
import { parseContent } from "../src/content/requested-content.ts";
import { type EmbedMode, embed } from "../src/embed/embed.ts";
import { knownLayers, recordOf } from "../src/layers/known-layers.ts";
import type { Layer } from "../src/layers/layer.ts";
import { type ApplicationParts, application, site, storedImages } from "./stored-images.ts";

const repository = "ghcr.io/owner/site/content";
const image = parseRepository("ghcr.io/owner/site");

let images = storedImages();
beforeEach(() => {
  images = storedImages();
});

async function contentOf(manifest: Manifest) {
  images.put(repository, manifest);
  const wanted = await parseContent(`${repository}:1@${manifest.descriptor.digest}`, image);
  return findContent(wanted, images);
}

async function embedded(mode: EmbedMode, parts: ApplicationParts, known = knownLayers(undefined)) {
  return embed(mode, await contentOf(await application(parts)), false, known);
}

const bytesOf = (layer: Layer | undefined): Uint8Array => {
  if (layer?.source?.kind !== "bytes") throw new Error("the layer was made here");
  return layer.source.bytes;
};

/** `mode path[ -> target]` of each entry of a layer, and the content of its files (POSIX ustar header). */
function entriesOf(layer: Layer | undefined): {
  readonly listing: string[];
  readonly files: Map<string, string>;
} {
  const archive = gunzipSync(bytesOf(layer));
  const listing: string[] = [];
  const files = new Map<string, string>();
  const text = (at: number, length: number) =>
    archive.toString("utf8", at, at + length).replace(/\0.*$/s, "");
  for (let at = 0; archive[at] !== 0; ) {
    const path = [text(at + 345, 155), text(at, 100)].filter((part) => part !== "").join("/");
    const size = Number.parseInt(text(at + 124, 12), 8);
    const target = text(at + 157, 100);
    listing.push(
      `${text(at + 100, 8)
        .trim()
        .slice(-4)} ${path}${target === "" ? "" : ` -> ${target}`}`,
    );
    if (text(at + 156, 1) === "0") files.set(path, archive.toString("utf8", at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return { listing, files };
}

const bartholomew = { id: "bartholomew", module: "bartholomew", files: { "content/index.md": "# hello" } };
const fileserver = { id: "fileserver", module: "fileserver", files: { "logo.svg": "<svg/>".padEnd(300) } };
const digestOfModule = (module: string) => digestOf(`\0asm ${module}`);

describe("embed: none", () => {
  test("puts nothing into the image", async () => {
    const { layers, start } = await embedded("none", { components: [bartholomew] });
    expect(layers).toEqual([]);
    expect(start.command.slice(0, 2)).toEqual(["up", "--from-registry"]);
  });
});

describe("embed: modules", () => {
  test("seeds Spin's layer cache with the modules, and links the folders that Spin writes to to /tmp", async () => {
    const { layers, start } = await embedded("modules", { components: [fileserver, bartholomew] });
    const { listing, files } = entriesOf(layers[0]);
    const modules = ["bartholomew", "fileserver"].map((module) => digestOfModule(module)).sort();
    expect(listing).toEqual([
      "0755 seed/",
      "0755 seed/registry/",
      "0777 seed/registry/data -> /tmp",
      "0777 seed/registry/manifests -> /tmp",
      "0755 seed/registry/wasm/",
      ...modules.map((digest) => `0644 seed/registry/wasm/${digest}`),
    ]);
    for (const [path, module] of files) expect(path.endsWith(digestOf(module))).toBe(true);
    expect(start.command.slice(0, 4)).toEqual(["up", "--cache-dir", "/seed", "--from-registry"]);
  });

  test("is the same layer whatever else is in the application", async () => {
    const one = await embedded("modules", { components: [bartholomew] });
    const other = await embedded("modules", {
      components: [
        { ...bartholomew, files: {} },
        { ...bartholomew, id: "b" },
      ],
    });
    expect(one.layers[0]?.descriptor).toEqual(other.layers[0]?.descriptor);
  });

  test("refuses an application that serves one of its modules as a file too", async () => {
    const module = "m".repeat(200);
    const component = { id: "a", module, files: { "download.wasm": `\0asm ${module}` } };
    await expect(embedded("modules", { components: [component] })).rejects.toThrow(
      `serves its module ${digestOfModule(module)} as a file too`,
    );
    expect((await embedded("app", { components: [component] })).layers).toHaveLength(2);
  });

  test("refuses modules that do not fit into memory before it reads them", async () => {
    const manifest = await site();
    const huge = JSON.parse(new TextDecoder().decode(manifest.bytes));
    huge.layers[0].size = 300 << 20;
    const changed = manifestOf(manifest.descriptor.mediaType, JSON.stringify(huge), {
      blobs: manifest.blobs,
    });
    await expect(embed("modules", await contentOf(changed), false, new Map())).rejects.toThrow(
      "at most 268435456 can be embedded",
    );
    expect(images.asked.filter((key) => key.includes(huge.layers[0].digest))).toEqual([]);
  });
});

describe("a layer that an earlier image recorded", () => {
  const parts = { components: [bartholomew] };

  test("is used as recorded, without reading what it is made of", async () => {
    const first = await embedded("modules", parts);
    images.asked.length = 0;
    const again = await embedded("modules", parts, knownLayers(recordOf(first.layers)));
    expect(again.layers[0]?.descriptor).toEqual(first.layers[0]?.descriptor);
    expect(again.layers[0]?.diffId).toBe(first.layers[0]?.diffId);
    expect(images.asked.filter((key) => key.includes(digestOfModule("bartholomew")))).toEqual([]);
  });

  test("is made again when the registry has lost it", async () => {
    const first = await embedded("modules", parts);
    const [again] = (await embedded("modules", parts, knownLayers(recordOf(first.layers)))).layers;
    if (again?.source?.kind !== "deferred") throw new Error("the layer was recorded");
    expect(Buffer.compare(await again.source.open(), bytesOf(first.layers[0]))).toBe(0);
  });

  test("is refused when making it again gives another layer", async () => {
    const [layer] = (await embedded("modules", parts)).layers;
    const wrong = { ...layer, descriptor: blobOf("x", "something else").descriptor } as Layer;
    const [again] = (await embedded("modules", parts, knownLayers(recordOf([wrong])))).layers;
    if (again?.source?.kind !== "deferred") throw new Error("the layer was recorded");
    await expect(again.source.open()).rejects.toThrow("has lost the layer");
  });

  test.each([
    "not json",
    "[]",
    '{"modules/1 x":{"digest":"sha256:1","size":1,"diffId":"sha256:1"}}',
    `{"modules/1 x":{"digest":"${digestOf("")}","size":-1,"diffId":"${digestOf("")}"}}`,
    `{"modules/1 x":{"digest":"${digestOf("")}","size":1}}`,
    '{"modules/1 x":7}',
  ])("counts as unknown when the record is %j", (annotation) => {
    expect(knownLayers({ "io.github.spin-publisher.layers": annotation }).size).toBe(0);
  });
});

describe("embed: app", () => {
  const parts = { components: [bartholomew, fileserver] };

  test.each([
    ["a layer for each file", false],
    ["an archive", true],
  ])("holds every file of content with %s, and the lock that names them", async (_name, archive) => {
    const { layers, start } = await embedded("app", { ...parts, archive });
    expect(layers).toHaveLength(2);
    const { listing, files } = entriesOf(layers[1]);
    expect(listing).toEqual([
      "0755 app/",
      "0755 app/assets/",
      "0755 app/assets/bartholomew/",
      "0755 app/assets/bartholomew/content/",
      "0644 app/assets/bartholomew/content/index.md",
      "0755 app/assets/fileserver/",
      "0644 app/assets/fileserver/logo.svg",
      "0644 app/spin.lock",
    ]);
    expect(files.get("app/assets/bartholomew/content/index.md")).toBe("# hello");
    expect(JSON.parse(files.get("app/spin.lock") ?? "")).toMatchObject({
      spin_lock_version: 0,
      triggers: [{ trigger_config: { component: "bartholomew", route: "/..." } }],
      components: [
        {
          id: "bartholomew",
          source: {
            content_type: "application/wasm",
            source: `file:///seed/registry/wasm/${digestOfModule("bartholomew")}`,
          },
          files: [{ source: "file:///app/assets/bartholomew", path: "/" }],
        },
        { id: "fileserver" },
      ],
    });
    expect(start.command).toEqual(["trigger", "http"]);
    expect(start.environment).toMatchObject({
      SPIN_LOCKED_URL: "file:///app/spin.lock",
      SPIN_WORKING_DIR: "/app",
    });
  });

  test("reads thousands of files a few at a time, and each once", async () => {
    const paths = Array.from({ length: 300 }, (_, index) => `page-${index}.html`);
    const files = Object.fromEntries(paths.map((path) => [path, path.padEnd(200)]));
    const content = await contentOf(await application({ components: [{ ...bartholomew, files }] }));
    let [underWay, most] = [0, 0];
    const blob: typeof content.blob = async (...args) => {
      underWay += 1;
      most = Math.max(most, underWay);
      const bytes = await content.blob(...args);
      underWay -= 1;
      return bytes;
    };
    const { layers } = await embed("app", { ...content, blob }, false, new Map());
    expect(entriesOf(layers[1]).files.size).toBe(301);
    // One more is the module, which another layer is made of.
    expect(most).toBeLessThanOrEqual(17);
    expect(new Set(images.asked).size).toBe(images.asked.length);
  });

  test("shares the layer of modules with embed: modules", async () => {
    const [modules] = (await embedded("modules", parts)).layers;
    expect((await embedded("app", parts)).layers[0]?.descriptor).toEqual(modules?.descriptor);
  });

  test("keeps properties of the lock that it does not know", async () => {
    const { layers } = await embedded("app", {
      components: [bartholomew],
      edit: (lock) => {
        lock.must_understand = ["component_host_requirements"];
        lock.variables = { greeting: { default: "1.0" } };
      },
    });
    expect(JSON.parse(entriesOf(layers[1]).files.get("app/spin.lock") ?? "")).toMatchObject({
      must_understand: ["component_host_requirements"],
      variables: { greeting: { default: "1.0" } },
    });
  });

  const component = (edit: object) => (lock: Record<string, unknown>) => {
    lock.components = [{ ...(lock.components as object[])[0], ...edit }];
  };
  const digest = digestOf("nowhere");
  test.each<[string, Partial<ApplicationParts>, string]>([
    ["triggers of two types", { triggerTypes: ["http", "redis"] }, "triggers of 2 types"],
    ["no trigger", { triggerTypes: [] }, "has no triggers"],
    [
      "a file that no layer has",
      { edit: component({ files: [{ path: "a", digest }] }) },
      "none of its layers",
    ],
    [
      "a module that no layer has",
      { edit: component({ source: { content_type: "application/wasm", digest } }) },
      "none of its layers",
    ],
    [
      "a file of another digest",
      { edit: component({ files: [{ path: "a", digest, inline: "" }] }) },
      "contradicts itself",
    ],
    [
      "an empty file outside",
      { edit: component({ files: [{ path: "../../etc/passwd", digest: digestOf(""), inline: "" }] }) },
      'a file "../../etc/passwd", which is outside',
    ],
    ["a component outside", { edit: component({ id: "../x" }) }, 'called "../x"'],
    ["a component called ..", { edit: component({ id: ".." }) }, 'called ".."'],
    [
      "dependencies that are not composed",
      { edit: component({ dependencies: { "a:b/c": {} } }) },
      "dependencies",
    ],
    [
      "components that are not a list",
      { edit: (lock) => Object.assign(lock, { components: {} }) },
      "is malformed: components is not a list",
    ],
  ])("of %s is refused", async (_name, edit, message) => {
    await expect(embedded("app", { components: [bartholomew], ...edit })).rejects.toThrow(message);
  });
});
