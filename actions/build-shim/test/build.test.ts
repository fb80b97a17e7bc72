import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { untar } from "@spin-publisher/archive";
import {
  type Artifact,
  blobsOf,
  digestOf,
  type Manifest,
  manifestOf,
  mediaTypes,
  parseRepository,
  type TargetState,
} from "@spin-publisher/oci";
import { parseBase, type RequestedBase } from "../src/base/requested-base.ts";
import { build, type Dependencies } from "../src/build.ts";
import { parseContent } from "../src/content/requested-content.ts";
import type { Builder, ShimRequest } from "../src/inputs.ts";
import { formatPlatform, parsePlatforms } from "../src/spec/platforms.ts";
import {
  fetchedManifest,
  foreignImage,
  foreignIndex,
  type StoredImages,
  site,
  spinImage,
  storedImages,
} from "./stored-images.ts";

const official = "ghcr.io/spinframework/spin";
const image = parseRepository("ghcr.io/owner/site");
const contentRepository = "ghcr.io/owner/site/content";
const content = await site();
const contentReference = `${contentRepository}:0.1.2@${content.descriptor.digest}`;

function dependencies(reader: StoredImages, latest = "4.0.2"): Dependencies {
  return {
    reader,
    resolveSpin: async (wanted) => (wanted.kind === "exact" ? wanted.version : latest),
    releaseArchive: async () => new Uint8Array(),
    certificates: async () => [],
    temporaryFolder: "",
    log: () => {},
    warn: () => {},
    notice: () => {},
    anonymous: reader,
  };
}

/** A registry that holds the content and the official image of each release. */
function registryWith(...releases: readonly string[]): StoredImages {
  const images = storedImages();
  images.put(contentRepository, content);
  for (const release of releases) images.put(official, spinImage(release), `v${release}-distroless`);
  return images;
}

function appendTo(base: RequestedBase): Builder {
  return { kind: "append", base };
}

async function request(overrides: Partial<ShimRequest> = {}): Promise<ShimRequest> {
  return {
    image,
    tag: "0.1.2",
    content: await parseContent(contentReference, image),
    embed: "none",
    builder: appendTo(parseBase("", "latest")),
    platforms: parsePlatforms("linux/amd64,linux/arm64"),
    plainHttp: false,
    immutable: true,
    dryRun: false,
    source: "https://github.com/owner/site",
    labels: {},
    annotations: {},
    created: undefined,
    ...overrides,
  };
}

function stateWith(existing?: Manifest): Promise<TargetState> {
  const fetched = existing === undefined ? undefined : fetchedManifest(existing);
  return Promise.resolve({
    target: { repository: image, tag: "0.1.2", aliases: [] },
    existing: fetched,
    aliases: new Map(),
    previous: fetched,
  });
}

async function built(
  reader: StoredImages,
  overrides: Partial<ShimRequest> = {},
  existing?: Manifest,
): Promise<Artifact> {
  return (await build(await request(overrides), stateWith(existing), dependencies(reader))).artifact;
}

const json = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

function imageFor(artifact: Artifact, platform: string): Manifest {
  const image = artifact.root.children.find(
    ({ descriptor }) => descriptor.platform !== undefined && formatPlatform(descriptor.platform) === platform,
  );
  if (image === undefined) throw new Error(`no image for ${platform}`);
  return image;
}

function configOf(image: Manifest) {
  const source = image.blobs[0]?.source;
  if (source?.kind !== "bytes") throw new Error("an image has a config first");
  return json(source.bytes);
}

async function envVarsOf(image: Manifest): Promise<string> {
  const source = image.blobs.at(-1)?.source;
  if (source?.kind !== "bytes") throw new Error("the last layer is ours");
  const [file] = await untar(source.bytes, { totalBytes: 1 << 20, entries: 1 });
  return `${file?.path}: ${new TextDecoder().decode(file?.bytes)}`;
}

describe("a shim", () => {
  test("has an image for each platform, in the order asked for", async () => {
    const artifact = await built(registryWith("4.0.2"), {
      platforms: parsePlatforms("linux/arm64 linux/amd64"),
    });
    const index = json(artifact.root.bytes);
    expect(index.mediaType).toBe(mediaTypes.index);
    expect(index.manifests.map(({ platform }: { platform: unknown }) => platform)).toEqual([
      { architecture: "arm64", os: "linux" },
      { architecture: "amd64", os: "linux" },
    ]);
    expect(configOf(imageFor(artifact, "linux/arm64")).architecture).toBe("arm64");
  });

  test("starts Spin on the content by digest, on every interface, as a numeric user that is not root", async () => {
    const { config } = configOf(imageFor(await built(registryWith("4.0.2")), "linux/amd64"));
    expect(config).toEqual({
      Entrypoint: ["/usr/local/bin/spin"],
      Env: [
        "PATH=/usr/local/bin:/usr/bin",
        "HOME=/tmp",
        "SPIN_HTTP_LISTEN_ADDR=0.0.0.0:3000",
        "XDG_CACHE_HOME=/tmp/.cache",
      ],
      WorkingDir: "/",
      User: "65532:65532",
      ExposedPorts: { "3000/tcp": {} },
      Cmd: ["up", "--from-registry", contentReference],
      Labels: {
        "io.github.spin-publisher.content": contentReference,
        "org.opencontainers.image.source": "https://github.com/owner/site",
        "org.opencontainers.image.version": "0.1.2",
      },
    });
  });

  test("has one layer of its own: /env.vars, with what it is and what it runs", async () => {
    const artifact = await built(registryWith("4.0.2"));
    const image = imageFor(artifact, "linux/amd64");
    expect(await envVarsOf(image)).toBe(
      `env.vars: BUILD_ID=0.1.2\nCONTENT=${contentReference}\nBASE_IMAGE=${official}:v4.0.2-distroless@${spinImage("4.0.2").descriptor.digest}\n`,
    );
    const kinds = image.blobs.map(({ source }) => source.kind);
    expect(kinds).toEqual(["bytes", "repository", "bytes"]);
    const release = image.blobs.at(-1)?.descriptor.digest;
    expect(imageFor(artifact, "linux/arm64").blobs.at(-1)?.descriptor.digest).toBe(release);
  });

  test("has as many diff_ids and history entries in its config as layers in its manifest", async () => {
    const image = imageFor(await built(registryWith("4.0.2")), "linux/amd64");
    const { rootfs, history } = configOf(image);
    const own = image.blobs.at(-1)?.source;
    const diffId = own?.kind === "bytes" ? gunzipSync(own.bytes) : new Uint8Array();
    expect(rootfs.diff_ids).toHaveLength(2);
    expect(rootfs.diff_ids[1]).toBe(`sha256:${(await import("node:crypto")).hash("sha256", diffId)}`);
    expect(history.map((entry: Record<string, unknown>) => entry.created_by)).toEqual([
      "step 0",
      "/env.vars: what this image runs",
    ]);
  });

  test("names its base: its index the base's index, each image the base's image", async () => {
    const artifact = await built(registryWith("4.0.2"));
    const base = spinImage("4.0.2");
    expect(json(artifact.root.bytes).annotations).toEqual({
      "io.github.spin-publisher.base": expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
      "io.github.spin-publisher.content": contentReference,
      "org.opencontainers.image.base.digest": base.descriptor.digest,
      "org.opencontainers.image.base.name": `${official}:v4.0.2-distroless`,
      "org.opencontainers.image.source": "https://github.com/owner/site",
      "org.opencontainers.image.version": "0.1.2",
    });
    expect(json(imageFor(artifact, "linux/arm64").bytes).annotations).toMatchObject({
      "org.opencontainers.image.base.digest": base.children[1]?.descriptor.digest,
    });
  });

  test("is the same, byte for byte, each time it is built", async () => {
    const [first, second] = await Promise.all([built(registryWith("4.0.2")), built(registryWith("4.0.2"))]);
    expect(first.root.descriptor).toEqual(second.root.descriptor);
    expect(first.root.descriptor.digest).toBe(
      "sha256:a075a4133315bfa04ddf0f9ff3fc30bd9420b3b6aa78fe9551aee864a1f58e68",
    );
    expect(first.root.children.map(({ descriptor }) => descriptor.digest)).toEqual([
      "sha256:63171a2b965bda751d414502e25f04a4e02af2e0c639b9e412b0513fa13c9c52",
      "sha256:9302d6f4182adabb67e25aff88f3cd199e1f32d4bba43ac2b59ee58ee05e25b0",
    ]);
  });

  test("has a creation time only when one is set", async () => {
    const silent = imageFor(await built(registryWith("4.0.2")), "linux/amd64");
    expect(configOf(silent)).not.toHaveProperty("created");
    const dated = await built(registryWith("4.0.2"), { created: "2026-01-01T00:00:00Z" });
    expect(configOf(imageFor(dated, "linux/amd64"))).toMatchObject({ created: "2026-01-01T00:00:00Z" });
    expect(json(dated.root.bytes).annotations).toMatchObject({
      "org.opencontainers.image.created": "2026-01-01T00:00:00Z",
    });
  });

  test("prefers the user's labels and annotations to its own", async () => {
    const artifact = await built(registryWith("4.0.2"), {
      labels: { "org.opencontainers.image.source": "https://example.org", team: "web" },
      annotations: { "org.opencontainers.image.version": "nightly" },
    });
    const image = imageFor(artifact, "linux/amd64");
    expect(configOf(image).config.Labels).toMatchObject({
      "org.opencontainers.image.source": "https://example.org",
      team: "web",
    });
    expect(json(image.bytes).annotations["org.opencontainers.image.version"]).toBe("nightly");
    expect(json(artifact.root.bytes).annotations["org.opencontainers.image.version"]).toBe("nightly");
  });

  test("starts Spin with --insecure when the content's registry has no TLS", async () => {
    const image = imageFor(await built(registryWith("4.0.2"), { plainHttp: true }), "linux/amd64");
    expect(configOf(image).config.Cmd).toEqual(["up", "--insecure", "--from-registry", contentReference]);
  });
});

describe("a shim that is built again", () => {
  test("stays on the base it has when a newer Spin has appeared", async () => {
    const images = registryWith("4.0.2");
    const first = await built(images);
    images.put(official, spinImage("4.1.0"), "v4.1.0-distroless");
    const again = await build(await request(), stateWith(first.root), dependencies(images, "4.1.0"));
    expect(again.artifact.root.descriptor).toEqual(first.root.descriptor);
  });

  test("stays on the base it has when the base's tag has moved", async () => {
    const images = registryWith("4.0.2");
    images.put("docker.io/library/spin", spinImage("a"), "1");
    const builder = appendTo(parseBase("spin:1", "latest"));
    const first = await built(images, { builder });
    images.put("docker.io/library/spin", spinImage("b"), "1");
    expect((await built(images, { builder }, first.root)).root.descriptor).toEqual(first.root.descriptor);
    expect((await built(images, { builder })).root.descriptor).not.toEqual(first.root.descriptor);
  });

  test("moves to another base when the inputs ask for it", async () => {
    const images = registryWith("4.0.2", "4.1.0");
    const first = await built(images);
    const again = await build(
      await request({ builder: appendTo(parseBase("", "4.1.0")) }),
      stateWith(first.root),
      dependencies(images),
    );
    expect(json(again.artifact.root.bytes).annotations["org.opencontainers.image.base.name"]).toBe(
      `${official}:v4.1.0-distroless`,
    );
    expect(await again.describeDifference(fetchedManifest(first.root))).toEqual([
      `digest of the base image: ${spinImage("4.0.2").descriptor.digest} in the registry, ${spinImage("4.1.0").descriptor.digest} in this run`,
      `base image: ${official}:v4.0.2-distroless in the registry, ${official}:v4.1.0-distroless in this run`,
    ]);
  });

  test("ignores a record that names no base it could be built on", async () => {
    const images = registryWith("4.0.2");
    const first = await built(images);
    for (const name of [
      "",
      "not a reference",
      `${official}:v9.9.9-distroless`,
      "ghcr.io/somebody/else:v4.0.2-distroless",
    ]) {
      const index = json(first.root.bytes);
      const annotations = { ...index.annotations, "org.opencontainers.image.base.name": name };
      const changed = manifestOf(mediaTypes.index, JSON.stringify({ ...index, annotations }), {});
      const request = { builder: appendTo(parseBase("", "^4.0")) };
      expect((await built(images, request, changed)).root.descriptor).toEqual(first.root.descriptor);
    }
  });

  test("moves to the newest base where the tag may move", async () => {
    const images = registryWith("4.0.2", "4.1.0");
    const first = await built(images);
    const moving = await request({ immutable: false });
    const again = await build(moving, stateWith(first.root), dependencies(images, "4.1.0"));
    expect(again.artifact.root.descriptor).not.toEqual(first.root.descriptor);
  });
});

describe("the record of the base in a shim's index", () => {
  const baseKey = "io.github.spin-publisher.base";
  const recordIn = (root: Manifest) => json(root.bytes).annotations[baseKey];

  /** The next release after `first`, and what it asked the base's repository. */
  async function nextAfter(first: Manifest, images: StoredImages, overrides: Partial<ShimRequest> = {}) {
    images.asked.length = 0;
    const fetched = fetchedManifest(first);
    const state = { ...(await stateWith()), previous: fetched };
    const { artifact } = await build(
      await request({ tag: "0.1.3", ...overrides }),
      Promise.resolve(state),
      dependencies(images),
    );
    return { artifact, asked: images.asked.filter((key) => key.startsWith(official)) };
  }

  const changed = (root: Manifest, annotations: Readonly<Record<string, unknown>>): Manifest => {
    const index = json(root.bytes);
    const document = { ...index, annotations: { ...index.annotations, ...annotations } };
    return manifestOf(mediaTypes.index, JSON.stringify(document), {});
  };

  test("makes the next release without reading the base: its tag is all that is asked for", async () => {
    const images = registryWith("4.0.2");
    const first = await built(images);
    const { artifact, asked } = await nextAfter(first.root, images);
    expect(asked).toEqual([`${official}:v4.0.2-distroless`]);
    const read = await built(registryWith("4.0.2"), { tag: "0.1.3" });
    expect(artifact.root.descriptor).toEqual(read.root.descriptor);
    expect(artifact.root.children.map(({ blobs }) => blobs.map(({ source }) => source.kind))).toEqual([
      ["bytes", "repository", "bytes"],
      ["bytes", "repository", "bytes"],
    ]);
  });

  test("is not used when the base's tag has moved", async () => {
    const images = registryWith("4.0.2");
    const first = await built(images);
    images.put(official, spinImage("rebuilt"), "v4.0.2-distroless");
    const { artifact, asked } = await nextAfter(first.root, images);
    expect(asked).toHaveLength(5);
    expect(recordIn(artifact.root)).not.toBe(recordIn(first.root));
  });

  test("needs no request where the base is named by digest", async () => {
    const images = registryWith("4.0.2");
    const { digest } = spinImage("4.0.2").descriptor;
    const builder = appendTo(parseBase(`${official}:v4.0.2-distroless@${digest}`, "latest"));
    const first = await built(images, { builder });
    images.put(official, foreignImage({ architecture: "amd64" }), "v4.0.2-distroless");
    const { artifact } = await nextAfter(first.root, images, { builder });
    expect(recordIn(artifact.root)).toBe(recordIn(first.root));
  });

  test("is that of the requested platforms, whatever the version before had", async () => {
    const images = registryWith("4.0.2");
    const first = await built(images);
    const platforms = parsePlatforms("linux/arm64");
    const { artifact } = await nextAfter(first.root, images, { platforms });
    const read = await built(registryWith("4.0.2"), { tag: "0.1.3", platforms });
    expect(artifact.root.descriptor).toEqual(read.root.descriptor);
  });

  test("does not serve a platform that it does not have", async () => {
    const images = registryWith("4.0.2");
    const first = await built(images, { platforms: parsePlatforms("linux/amd64") });
    const { artifact, asked } = await nextAfter(first.root, images);
    expect(asked).toHaveLength(5);
    expect(artifact.root.children).toHaveLength(2);
  });

  test.each([
    ["no base64", "%%%"],
    ["not gzipped", Buffer.from("{}").toString("base64")],
    ["without images", gzipped({})],
    ["of images without layers", gzipped({ "linux/amd64": { platform: { os: "linux" } } })],
    ["that unpacks without end", gzipped({ a: "a".repeat(2 << 20) })],
  ])("counts as missing when it is %s", async (_name, text) => {
    const images = registryWith("4.0.2");
    const first = await built(images);
    const { artifact } = await nextAfter(changed(first.root, { [baseKey]: text }), images);
    expect(recordIn(artifact.root)).toBe(recordIn(first.root));
  });

  test("is not added to an existing image that was published without one", async () => {
    const images = registryWith("4.0.2");
    const first = await built(images);
    const without = changed(first.root, { [baseKey]: undefined });
    const again = await built(images, {}, without);
    expect(again.root.descriptor.digest).toBe(without.descriptor.digest);
  });

  test("is left out where it would be too long", async () => {
    const long = (architecture: string) =>
      foreignImage({
        architecture,
        config: { history: Array.from({ length: 3000 }, () => ({ comment: randomText() })) },
      });
    const images = registryWith();
    const index = foreignIndex([{ platform: { os: "linux", architecture: "amd64" }, image: long("amd64") }]);
    images.put(official, index, "v4.0.2-distroless");
    const { root } = await built(images, { platforms: parsePlatforms("linux/amd64") });
    expect(recordIn(root)).toBeUndefined();
  });
});

function gzipped(value: unknown): string {
  return gzipSync(JSON.stringify(value)).toString("base64");
}

let counter = 0;
/** Text that does not compress. */
function randomText(): string {
  counter += 1;
  return digestOf(String(counter));
}

describe("a foreign base image", () => {
  const builder = appendTo(parseBase("registry.example/spin:1", "latest"));
  const platforms = parsePlatforms("linux/amd64");
  const amd64 = { architecture: "amd64", os: "linux" };

  async function appendedTo(image: Manifest, overrides: Partial<ShimRequest> = {}): Promise<Artifact> {
    const images = registryWith();
    images.put("registry.example/spin", image, "1");
    return built(images, { builder, platforms, ...overrides });
  }

  test("keeps properties that no specification knows: of its config, its settings and its layers", async () => {
    const artifact = await appendedTo(
      foreignImage({
        architecture: "amd64",
        config: {
          "moby.buildkit.cache.v0": "AAAA",
          config: { Healthcheck: { Test: ["NONE"] }, StopSignal: "SIGINT" },
        },
        layers: [
          { mediaType: mediaTypes.layerTarGzip, text: "a", extra: { annotations: { "stargz.toc": "x" } } },
        ],
      }),
    );
    const image = imageFor(artifact, "linux/amd64");
    expect(configOf(image)["moby.buildkit.cache.v0"]).toBe("AAAA");
    expect(configOf(image).config).toMatchObject({ Healthcheck: { Test: ["NONE"] }, StopSignal: "SIGINT" });
    expect(json(image.bytes).layers[0].annotations).toEqual({ "stargz.toc": "x" });
  });

  test("of Docker's types becomes OCI throughout, with the same layers", async () => {
    const docker = foreignImage({ architecture: "amd64", docker: true });
    const image = imageFor(
      await appendedTo(foreignIndex([{ platform: amd64, image: docker }], true)),
      "linux/amd64",
    );
    const types = [image.descriptor.mediaType, ...image.blobs.map(({ descriptor }) => descriptor.mediaType)];
    expect(types).toEqual([
      mediaTypes.manifest,
      mediaTypes.config,
      mediaTypes.layerTarGzip,
      mediaTypes.layerTarGzip,
    ]);
    expect(image.blobs[1]?.descriptor.digest).toBe(docker.blobs[1]?.descriptor.digest);
  });

  test("keeps layers in its manifest that registries must not hold, and does not publish them", async () => {
    const foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const image = imageFor(
      await appendedTo(
        foreignImage({
          architecture: "amd64",
          layers: [{ mediaType: foreign, text: "w", extra: { urls: ["https://example.org/w"] } }],
        }),
      ),
      "linux/amd64",
    );
    expect(json(image.bytes).layers[0]).toMatchObject({
      mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      urls: ["https://example.org/w"],
    });
    expect(image.blobs).toHaveLength(2);
  });

  test("without an index serves the one platform its config names", async () => {
    const artifact = await appendedTo(foreignImage({ architecture: "amd64" }));
    expect(json(artifact.root.bytes).manifests[0].platform).toEqual(amd64);
    await expect(
      appendedTo(foreignImage({ architecture: "amd64" }), {
        platforms: parsePlatforms("linux/amd64,linux/arm64"),
      }),
    ).rejects.toThrow("has no linux/arm64, it has linux/amd64");
  });

  test("without an entry point gets Spin from PATH", async () => {
    const artifact = await appendedTo(
      foreignImage({ architecture: "amd64", config: { config: { Cmd: ["bash"] } } }),
    );
    const { config } = configOf(imageFor(artifact, "linux/amd64"));
    expect([config.Entrypoint, config.Cmd[0]]).toEqual([["spin"], "up"]);
  });

  test("can have null wherever Docker writes it", async () => {
    const nothing = {
      Env: null,
      Labels: null,
      ExposedPorts: null,
      Entrypoint: null,
      Cmd: null,
      Volumes: null,
    };
    const image = foreignImage({ architecture: "amd64", config: { config: nothing, history: null } });
    const { config } = configOf(imageFor(await appendedTo(image), "linux/amd64"));
    expect(config).toMatchObject({
      Entrypoint: ["spin"],
      User: "65532:65532",
      ExposedPorts: { "3000/tcp": {} },
    });
    const without = foreignImage({ architecture: "amd64", config: { config: null } });
    expect(configOf(imageFor(await appendedTo(without), "linux/amd64")).config.Env).toHaveLength(3);
  });

  test("does not pass on labels that describe the base itself", async () => {
    const Labels = { "org.opencontainers.image.revision": "c0ffee", maintainer: "someone" };
    const artifact = await appendedTo(
      foreignImage({ architecture: "amd64", config: { config: { Labels } } }),
    );
    const labels = configOf(imageFor(artifact, "linux/amd64")).config.Labels;
    expect(labels).not.toHaveProperty("org.opencontainers.image.revision");
    expect(labels.maintainer).toBe("someone");
  });

  test.each([
    ["no history", { history: undefined }],
    ["a history of another length", { history: [{ created_by: "a" }, { created_by: "b" }] }],
  ])("with %s still ends up with one entry for each layer", async (_name, config) => {
    const artifact = await appendedTo(foreignImage({ architecture: "amd64", config }));
    expect(configOf(imageFor(artifact, "linux/amd64")).history).toEqual([
      { created_by: "base image" },
      { created_by: "/env.vars: what this image runs" },
    ]);
  });

  test("is chosen by the requested variant, and by its order where none is requested", async () => {
    const arm = (variant: string) => ({
      platform: { architecture: "arm", os: "linux", variant },
      image: foreignImage({ architecture: "arm", config: { variant } }),
    });
    const index = foreignIndex([arm("v6"), arm("v7")]);
    const chosen = async (wanted: string) => {
      const artifact = await appendedTo(index, { platforms: parsePlatforms(wanted) });
      return json(artifact.root.bytes).manifests[0].platform.variant;
    };
    expect(await chosen("linux/arm/v7")).toBe("v7");
    expect(await chosen("linux/arm")).toBe("v6");
    await expect(chosen("linux/arm/v5")).rejects.toThrow(
      "has no linux/arm/v5, it has linux/arm/v6, linux/arm/v7",
    );
  });

  test.each([
    [
      "whose index and config disagree",
      foreignIndex([{ platform: amd64, image: foreignImage({ architecture: "arm64" }) }]),
      "its index says linux/amd64 and its config linux/arm64",
    ],
    [
      "whose layers are not all in its config",
      foreignImage({ architecture: "amd64", config: { rootfs: { type: "layers", diff_ids: [] } } }),
      "1 layers in its manifest, 0 in its config",
    ],
    [
      "with layers that are not file systems",
      foreignImage({ architecture: "amd64", layers: [{ mediaType: "application/wasm", text: "w" }] }),
      'a layer of type "application/wasm"',
    ],
    [
      "whose config names no platform",
      foreignImage({ architecture: "amd64", config: { os: 1 } }),
      "does not say which platform it is for",
    ],
  ])("%s is refused", async (_name, image, message) => {
    await expect(appendedTo(image)).rejects.toThrow(message);
  });
});

describe("a shim is refused", () => {
  test("of a base that does not exist, naming it", async () => {
    await expect(built(registryWith())).rejects.toThrow(
      "ghcr.io/spinframework/spin:v4.0.2-distroless does not exist",
    );
  });

  test("of content that does not exist", async () => {
    const content = await parseContent(`${contentRepository}@sha256:${"0".repeat(64)}`, image);
    await expect(built(registryWith("4.0.2"), { content })).rejects.toThrow("publish it first");
  });

  test("of something that is not a Spin application", async () => {
    const images = registryWith("4.0.2");
    const chart = foreignImage({ architecture: "amd64" });
    images.put(contentRepository, chart);
    const content = await parseContent(`${contentRepository}@${chart.descriptor.digest}`, image);
    await expect(built(images, { content })).rejects.toThrow("is a container image, not a Spin application");
  });
});

test("reading a base takes three waves and no more than two requests for each platform", async () => {
  const images = registryWith("4.0.2");
  await built(images);
  const base = images.asked.filter((key) => key.startsWith(official));
  expect(base).toHaveLength(1 + 2 * 2);
  expect(blobsOf((await built(images)).root).size).toBe(5);
});
