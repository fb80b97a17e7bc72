import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { untar } from "@spin-publisher/archive";
import {
  type Annotations,
  type Blob,
  blobOf,
  type Descriptor,
  digestOf,
  type FetchedManifest,
  type ImageManifest,
  mediaTypes,
} from "@spin-publisher/oci";
import { contentOf } from "../src/files/content.ts";
import { knownArchives } from "../src/layers/archive.ts";
import type { FileContent } from "../src/layers/layer-source.ts";
import { type LayerMode, layersOf } from "../src/layers/layers.ts";
import { mostShards } from "../src/layers/shards.ts";
import { project } from "./project.ts";
import { component } from "./wasm.ts";

const data = "application/vnd.wasm.content.layer.v1+data";
const wasm = "application/vnd.wasm.content.layer.v1+wasm";
const archive = "application/vnd.wasm.content.bundle.v1.tar+gzip";

/** More than what is carried inline. */
const long = (text: string) => contentOf(Buffer.from(text.padEnd(200, ".")));
const file = (key: string, text = key): FileContent => ({ key, content: long(text) });
const files = (count: number): FileContent[] =>
  Array.from({ length: count }, (_, index) => file(`page-${index}.md`));

async function layers(
  mode: LayerMode,
  ...components: readonly (readonly FileContent[])[]
): Promise<readonly Blob[]> {
  return (await layersAndMore(mode, ...components)).blobs;
}

async function layersAndMore(mode: LayerMode, ...components: readonly (readonly FileContent[])[]) {
  const module = contentOf(Buffer.concat([component, Buffer.alloc(200)]));
  return layersOf(
    components.map((files) => ({ module, files })),
    mode,
    { folder: await project(), known: new Map() },
  );
}

const kinds = (blobs: readonly Blob[]) => blobs.map(({ descriptor }) => descriptor.mediaType);

async function bytesOf({ source }: Blob): Promise<Uint8Array> {
  if (source.kind === "file") return readFile(source.path);
  if (source.kind === "bytes") return source.bytes;
  throw new Error(`a ${source.kind} has no bytes here`);
}

/** A header block of a tar (POSIX.1-1988 ustar). */
function headerAt(tar: Buffer, start: number) {
  const text = (from: number, to: number) => tar.subarray(start + from, start + to).toString("latin1");
  const number = (from: number, to: number) => Number.parseInt(text(from, to), 8);
  return {
    magic: text(257, 265),
    type: text(156, 157),
    mode: number(100, 108),
    owner: number(108, 116),
    group: number(116, 124),
    size: number(124, 136),
    time: number(136, 148),
  };
}

describe("a layer for each file", () => {
  test("follows its component's module, once for the same content", async () => {
    const blobs = await layers("files", [file("a"), file("b", "same")], [file("c", "same"), file("d")]);
    expect(kinds(blobs)).toEqual([wasm, data, data, data]);
    expect(blobs.map(({ descriptor }) => descriptor.digest).slice(1)).toEqual(
      ["a", "same", "d"].map((text) => long(text).digest),
    );
  });

  test("is omitted for what the locked application carries, except for modules", async () => {
    const module = contentOf(component);
    const small = { key: "small", content: contentOf(Buffer.alloc(128)) };
    const larger = { key: "larger", content: contentOf(Buffer.alloc(129)) };
    const { blobs } = await layersOf([{ module, files: [small, larger] }], "files", {
      folder: "",
      known: new Map(),
    });
    expect(blobs.map(({ descriptor }) => descriptor.size)).toEqual([component.length, 129]);
  });

  test("exists twice for a file that is also a module, under both media types", async () => {
    const module = long("wasm");
    const { blobs } = await layersOf([{ module, files: [{ key: "copy.wasm", content: module }] }], "files", {
      folder: "",
      known: new Map(),
    });
    expect(kinds(blobs)).toEqual([wasm, data]);
  });
});

describe("how files are stored", () => {
  test.each([
    ["auto", 62, data],
    ["auto", 63, archive],
    ["files", 63, data],
    ["archive", 2, archive],
  ] as const)(
    "%s with %d files is %s: 64 layers with module and locked application",
    async (mode, count, expected) => {
      expect(kinds(await layers(mode, files(count)))[1]).toBe(expected);
    },
  );

  test("creates no archive without files", async () => {
    const tiny = { key: "a", content: contentOf(Buffer.from("a")) };
    expect(kinds(await layers("archive", [tiny]))).toEqual([wasm]);
    expect(kinds(await layers("archive", []))).toEqual([wasm]);
  });
});

describe("archives", () => {
  test("contain every file under the digest of its content, after the modules", async () => {
    const all = files(2000);
    const blobs = await layers("archive", all.slice(0, 1000), all.slice(1000));
    expect(kinds(blobs)).toEqual([wasm, ...Array(4).fill(archive)]);
    const names = new Set<string>();
    for (const blob of blobs.slice(1)) {
      const entries = await untar(await bytesOf(blob), { totalBytes: 1 << 20, entries: 1000 });
      for (const { path, bytes } of entries) {
        expect(`sha256:${path}`).toBe(contentOf(bytes).digest);
        names.add(path);
      }
    }
    expect([...names].sort()).toEqual(all.map(({ content }) => content.digest.slice(7)).sort());
  });

  test("are one gzip member with one plain tar, which every Spin reads", async () => {
    const [, blob] = await layers("archive", files(3));
    const bytes = blob === undefined ? Buffer.alloc(0) : Buffer.from(await bytesOf(blob));
    expect(bytes.subarray(0, 10).toString("hex")).toBe("1f8b08000000000002ff");
    const tar = gunzipSync(bytes);
    const headers = [0, 1, 2].map((index) => headerAt(tar, index * 1024));
    const plain = { magic: "ustar\x0000", type: "0", mode: 0o644, owner: 0, group: 0, size: 200, time: 0 };
    expect(headers).toEqual([plain, plain, plain]);
    expect(tar.subarray(3 * 1024)).toEqual(Buffer.alloc(1024));
  });

  test("do not depend on the order of files and components", async () => {
    const all = files(1500);
    const digests = (blobs: readonly Blob[]) => blobs.map(({ descriptor }) => descriptor.digest);
    const forth = await layers("archive", all.slice(0, 50), all.slice(50));
    const back = await layers("archive", [...all].reverse().slice(0, 20), [...all].reverse().slice(20));
    expect(digests(back)).toEqual(digests(forth));
  });

  test("share a file that two components have at the same place", async () => {
    const once = await layers("archive", files(100));
    expect(await layers("archive", files(100), files(100)).then(kinds)).toEqual(kinds(once));
  });

  test.each([70, 3000])("change one at a time: one file of %d changed, added or removed", async (count) => {
    const digests = async (all: readonly FileContent[]) =>
      new Set((await layers("archive", all)).map(({ descriptor }) => descriptor.digest));
    const before = await digests(files(count));
    const changes = {
      changed: files(count).map((one) => (one.key === "page-7.md" ? file(one.key, "new") : one)),
      added: [...files(count), file("new.md")],
      removed: files(count).slice(1),
    };
    for (const [name, all] of Object.entries(changes)) {
      const after = await digests(all);
      expect({ name, fresh: [...after].filter((digest) => !before.has(digest)).length }).toEqual({
        name,
        fresh: 1,
      });
    }
  });

  test("exclude large files, which would be uploaded again with their neighbours", async () => {
    const large = { key: "film.mp4", content: contentOf(Buffer.alloc((1 << 20) + 1)) };
    const blobs = await layers("archive", [...files(10), large]);
    expect(kinds(blobs)).toEqual([wasm, data, archive]);
  });

  test("include large files if there are many, without compressing them again", async () => {
    const film = (index: number) => ({
      key: `film-${index}.mp4`,
      content: contentOf(Buffer.alloc(40_000, `${index}.`)),
    });
    const films = Array.from({ length: 300 }, (_, index) => film(index));
    const blobs = (await layers("archive", films)).slice(1);
    expect(blobs).toHaveLength(mostShards);
    const names: string[] = [];
    for (const { descriptor, source } of blobs) {
      if (descriptor.mediaType === data) names.push(descriptor.digest);
      else if (source.kind === "file") {
        const bytes = await readFile(source.path);
        expect(digestOf(bytes)).toBe(descriptor.digest);
        const entries = await untar(bytes, { totalBytes: 1 << 24, entries: 300 });
        for (const { path, bytes } of entries) {
          expect(`sha256:${path}`).toBe(digestOf(bytes));
          names.push(`sha256:${path}`);
        }
        expect(bytes.length).toBeGreaterThan(entries.length * 40_000);
      }
    }
    expect(names.sort()).toEqual(films.map(({ content }) => content.digest).sort());
  });

  /** An earlier version with these layers, as a registry returns it. */
  const version = (layers: readonly Descriptor[], annotations: Annotations): FetchedManifest => {
    const { descriptor } = blobOf(mediaTypes.config, "{}");
    const document: ImageManifest = { schemaVersion: 2, config: descriptor, layers, annotations };
    return { descriptor, bytes: Buffer.alloc(0), document };
  };
  const again = async (files: readonly FileContent[], ...versions: readonly FetchedManifest[]) => {
    const context = { folder: await project(), known: knownArchives(versions) };
    return layersOf([{ module: contentOf(component), files }], "archive", context);
  };

  test("of an earlier version are not built again", async () => {
    const all = files(2000);
    const { blobs, annotations } = await layersAndMore("archive", all);
    const before = version(
      blobs.map(({ descriptor }) => descriptor),
      annotations,
    );
    const changed = await again([...all.slice(1), file(all[0]?.key ?? "", "new")], before);
    expect(
      changed.blobs
        .slice(1)
        .map(({ source }) => source.kind)
        .sort(),
    ).toEqual(["deferred", "deferred", "deferred", "file"]);
    const unchanged = await again(all, before);
    expect(unchanged.annotations).toEqual(annotations);
    expect(unchanged.blobs.slice(1).map(({ descriptor }) => descriptor)).toEqual(
      blobs.slice(1).map(({ descriptor }) => descriptor),
    );
    const [, first] = unchanged.blobs;
    if (first?.source.kind !== "deferred") throw new Error("it was made");
    expect(digestOf(await first.source.open())).toBe(first.descriptor.digest);
  });

  test("that the registry has lost are not replaced by others", async () => {
    const { blobs, annotations } = await layersAndMore("archive", files(2));
    const lie = { mediaType: archive, digest: digestOf("another archive"), size: 15 };
    const {
      blobs: [, blob],
    } = await again(
      files(2),
      version([...blobs.slice(0, 1).map(({ descriptor }) => descriptor), lie], annotations),
    );
    if (blob?.source.kind !== "deferred") throw new Error("it was made");
    await expect(blob.source.open()).rejects.toThrow(
      "of the previous version, and building it again gives another digest",
    );
  });

  test("of earlier versions are ignored if these do not say what is in them", async () => {
    const { blobs, annotations } = await layersAndMore("archive", files(2));
    const descriptors = blobs.map(({ descriptor }) => descriptor);
    const name = Object.keys(annotations)[0] ?? "";
    for (const said of [{}, { [name]: "" }, { [name]: "x y" }, { [name]: `${annotations[name]} x` }]) {
      const made = await again(files(2), version(descriptors, said));
      expect(made.blobs[1]?.source.kind).toBe("file");
    }
  });

  test("detect a file that changed after it was read", async () => {
    const folder = await project({ "a.md": "after" });
    const content = { ...long("before"), source: { kind: "file" as const, path: `${folder}/a.md` } };
    await expect(layers("archive", [{ key: "a.md", content }])).rejects.toThrow(
      "was changed while it was being published",
    );
  });
});
