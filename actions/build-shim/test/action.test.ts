import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { createFetch, parseMirrors } from "@spin-publisher/http";
import { type Manifest, mediaTypes, parseReference, readLayout, writeLayout } from "@spin-publisher/oci";
import { pullRequest, type RequestRecord } from "@spin-publisher/sandbox";
import { sandboxed } from "./sandboxed.ts";
import { foreignImage, foreignIndex, site } from "./stored-images.ts";

const world = sandboxed();
const { shim, published, put, writes, client } = world;
const json = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

/** An image as the official one: layers of a distribution, the same for all platforms but for one, and Spin. */
function distroless(): Manifest {
  const text = (index: number | string) => createHash("sha512").update(String(index)).digest("hex");
  const image = (architecture: string) => {
    const layers = Array.from({ length: 14 }, (_, index) => ({
      mediaType: mediaTypes.layerTarGzip,
      text: text(index < 12 ? index : `${index} ${architecture}`),
    }));
    const history = Array.from({ length: 22 }, (_, index) => ({
      created: "2026-06-23T10:00:00.123456789Z",
      created_by: `COPY /out/bin/spin /usr/local/bin/spin # buildkit, step ${index}`,
      comment: "buildkit.dockerfile.v0",
      ...(index < 14 ? {} : { empty_layer: true }),
    }));
    return foreignImage({ architecture, layers, config: { history } });
  };
  return foreignIndex(
    ["amd64", "arm64"].map((architecture) => ({
      platform: { os: "linux", architecture },
      image: image(architecture),
    })),
  );
}

describe("a first release", () => {
  test("is one index of two images, complete in the registry, on the newest stable Spin", async () => {
    const content = await published();
    const run = await shim({ content });
    expect(run.log).toContain("base: ghcr.io/spinframework/spin:v4.0.2-distroless");
    expect(run.exitCode).toBe(0);
    const { reference = "", digest, tag, changed, platforms = "" } = run.outputs;
    expect({ tag, changed }).toEqual({ tag: "0.1.2", changed: "true" });
    expect(reference).toBe(`ghcr.io/octo-org/site:0.1.2@${digest}`);

    const reader = client();
    const index = await reader.manifest(parseReference(reference));
    const manifests = json(index?.bytes ?? new Uint8Array()).manifests;
    expect(JSON.parse(platforms)).toEqual({
      "linux/amd64": manifests[0].digest,
      "linux/arm64": manifests[1].digest,
    });
    for (const { digest } of manifests) {
      const repository = { registry: "ghcr.io", name: "octo-org/site" };
      const image = json((await reader.manifest({ ...repository, digest }))?.bytes ?? new Uint8Array());
      const layers = await Promise.all(
        [image.config, ...image.layers].map((descriptor) => reader.blob(repository, descriptor, 1 << 20)),
      );
      expect(json(layers[0] ?? new Uint8Array()).config.Cmd).toContain(content);
    }
  });

  test("mounts the base's layers and sends little more than its own", async () => {
    const content = await published();
    const run = await shim({ content, embed: "none" });
    const mounted = world.registry.requests.filter(
      ({ method, path }) => method === "POST" && path.includes("mount="),
    );
    expect(mounted.length).toBeGreaterThanOrEqual(3);
    expect(Number(run.outputs["uploaded-bytes"])).toBeLessThan(10_000);
  });
});

test("insecure is for the image's registry, not for those that its parts come from", async () => {
  const content = await published();
  const run = await shim(
    { content, image: "registry.internal/octo-org/site", insecure: "true" },
    { mirrors: `${world.mirrors}\nhttp://registry.internal=${world.registry.origin}` },
  );
  expect(run.annotations).toEqual([]);
  expect(run.outputs.reference).toMatch(/^registry\.internal\/octo-org\/site:0\.1\.2@/);
});

describe("the same release again", () => {
  test("changes nothing, writes nothing, and asks its repository once", async () => {
    const content = await published();
    await shim({ content });
    world.registry.clearRequests();
    const again = await shim({ content });
    expect(again.outputs).toMatchObject({ changed: "false", "uploaded-bytes": "0" });
    expect(writes()).toEqual([]);
    const asked = world.registry.requests.filter(({ path }) =>
      path.startsWith("/v2/octo-org/site/manifests/"),
    );
    expect(asked).toHaveLength(1);
  });

  test("with another page is refused before anything is written, saying what differs", async () => {
    const first = await published();
    await shim({ content: first });
    const second = await published(await site("<h1>changed</h1>"), "0.1.3");
    world.registry.clearRequests();
    const refused = await shim({ content: second });
    expect(refused.exitCode).toBe(1);
    expect(refused.log).toContain(`content: ${first} in the registry, ${second} in this run`);
    expect(writes()).toEqual([]);
  });
});

describe("the next release", () => {
  test("with the same modules sends neither modules nor base, and does not read the modules", async () => {
    await shim({ content: await published(), aliases: "latest" });
    const next = await published(await site("<h1>changed</h1>"), "0.1.3");
    world.registry.clearRequests();
    const run = await shim({ content: next, tag: "0.1.3", aliases: "latest" });
    expect(run.outputs.changed).toBe("true");
    const read = world.registry.requests.filter(
      ({ method, path }) => method === "GET" && path.includes("/octo-org/site/content/blobs/"),
    );
    expect(read).toEqual([]);
    // The index, which records the base, is sent twice: for the tag and for the alias.
    expect(Number(run.outputs["uploaded-bytes"])).toBeLessThan(11_000);
  });
});

describe("round trips to a distant registry, one after the other", () => {
  /** Long enough that requests which do not wait for each other overlap on a busy machine, too. */
  const latencyMilliseconds = 250;
  const waves = (requests: readonly RequestRecord[]) => Math.max(...requests.map(({ wave }) => wave));

  /** The next release after a first one, and what it asked a distant registry. */
  async function nextRelease(inputs: Readonly<Record<string, string>>) {
    await shim({ content: await published(), aliases: "latest", "spin-version": "4.0.1" });
    const next = await published(await site("<h1>changed</h1>"), "0.1.3");
    const distant = await world.otherRegistry({ root: world.registry.root, latencyMilliseconds });
    const mirrors = `${world.upstream.mirrors}\nhttps://ghcr.io=${distant.origin}`;
    const run = await shim({ content: next, tag: "0.1.3", aliases: "latest", ...inputs }, { mirrors });
    expect(run.outputs.changed).toBe("true");
    return distant.requests;
  }
  const ofTheBase = ({ repository }: RequestRecord) => repository === "spinframework/spin";

  test("are five on the same base: target, blobs, images, tag, alias", async () => {
    const requests = await nextRelease({ "spin-version": "4.0.1" });
    expect(waves(requests)).toBe(5);
    // Whether its tag still has the recorded digest is asked with the target; the rest comes from the version before.
    expect(requests.filter(ofTheBase).map(({ path, wave }) => [path, wave])).toEqual([
      ["/v2/spinframework/spin/manifests/v4.0.1-distroless", 1],
    ]);
  });

  test("are five on a base of real size: fourteen layers, and a config with a long history", async () => {
    const base = await put("ghcr.io/o/base", distroless(), "1");
    const inputs = { "base-image": base.replace(/@.*/, ""), aliases: "latest" };
    await shim({ content: await published(), ...inputs });
    const next = await published(await site("<h1>changed</h1>"), "0.1.3");
    const distant = await world.otherRegistry({ root: world.registry.root, latencyMilliseconds });
    const mirrors = `${world.upstream.mirrors}\nhttps://ghcr.io=${distant.origin}`;
    const run = await shim({ content: next, tag: "0.1.3", ...inputs }, { mirrors });
    expect(waves(distant.requests)).toBe(5);
    // Two configs and two manifests of 4 KiB and 2 KiB, and twice an index of 5 KiB.
    expect(Number(run.outputs["uploaded-bytes"])).toBeLessThan(26_000);
  });

  test("are seven on a new base: its manifests and configs come in between", async () => {
    const requests = await nextRelease({ "spin-version": "4.0.2" });
    expect(waves(requests)).toBe(7);
    expect([...new Set(requests.filter(ofTheBase).map(({ wave }) => wave))].sort()).toEqual([1, 2, 3]);
  });

  test("are one for a release that is unchanged", async () => {
    const content = await published();
    await shim({ content });
    const distant = await world.otherRegistry({ root: world.registry.root, latencyMilliseconds });
    const mirrors = `${world.upstream.mirrors}\nhttps://ghcr.io=${distant.origin}`;
    const again = await shim({ content }, { mirrors });
    expect(again.outputs.changed).toBe("false");
    expect(waves(distant.requests.filter((record) => !ofTheBase(record)))).toBe(1);
    expect(distant.requests.filter(({ repository }) => repository === "octo-org/site")).toHaveLength(1);
  });
});

describe("a dry run", () => {
  test("of a pull request builds from a layout, leaves a layout, and writes nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "content-"));
    const temp = await mkdtemp(join(tmpdir(), "runner-"));
    try {
      await writeLayout({ root: await site() }, folder, { tag: "pr-7-0123abcd" });
      const run = await shim(
        { content: folder, "dry-run": "true" },
        { event: pullRequest({ number: 7 }), temp },
      );
      expect(run.log).toContain("Built, not published");
      expect(run.exitCode).toBe(0);
      expect(writes()).toEqual([]);
      const { artifact, tag } = await readLayout(run.outputs.layout ?? "");
      expect(artifact.root.descriptor.digest).toBe(run.outputs.digest);
      expect(tag).toMatch(/^pr-7-/);
      const image = artifact.root.children[0];
      const config = image?.blobs[0]?.source;
      const { Cmd } = json(await readFile(config?.kind === "file" ? config.path : "")).config;
      expect(Cmd.at(-1)).toBe(
        `ghcr.io/octo-org/site/content:pr-7-0123abcd@${(await site()).descriptor.digest}`,
      );
    } finally {
      await Promise.all([folder, temp].map((path) => rm(path, { recursive: true })));
    }
  });

  test("is the only use of a layout whose content is not in the image", async () => {
    const folder = await mkdtemp(join(tmpdir(), "content-"));
    await writeLayout({ root: await site() }, folder);
    const run = await shim({ content: folder });
    expect([run.exitCode, writes().length]).toEqual([1, 0]);
    expect(run.log).toContain("which no pod can pull from");
    await rm(folder, { recursive: true });
  });
});

describe("an image from scratch", () => {
  test("has the release's own archives as layers, by the digests of its checksums file", async () => {
    const run = await shim({ content: await published(), "base-image": "scratch", embed: "none" });
    expect(run.log).toContain("Spin: the static release 4.0.2");
    expect(run.exitCode).toBe(0);
    const fetch = createFetch({ mirrors: parseMirrors(world.mirrors) });
    const release = "https://github.com/spinframework/spin/releases/download/v4.0.2";
    const checksums = await (await fetch(`${release}/checksums-v4.0.2.txt`)).text();
    const reader = client();
    for (const [platform, digest] of Object.entries(JSON.parse(run.outputs.platforms ?? ""))) {
      const cpu = platform === "linux/arm64" ? "aarch64" : "amd64";
      const image = await reader.manifest(parseReference(`ghcr.io/octo-org/site@${digest}`));
      const { layers } = json(image?.bytes ?? new Uint8Array());
      expect(checksums).toContain(`${layers[1].digest.slice(7)}  spin-v4.0.2-static-linux-${cpu}.tar.gz`);
    }
  });

  test("is not downloaded again for the next release", async () => {
    const inputs = { "base-image": "scratch", aliases: "latest" };
    await shim({ content: await published(), ...inputs });
    const downloads = () => world.upstream.requests.filter(({ path }) => path.endsWith(".tar.gz")).length;
    const before = downloads();
    const next = await published(await site("<h1>changed</h1>"), "0.1.3");
    const run = await shim({ content: next, tag: "0.1.3", ...inputs });
    expect(run.outputs.changed).toBe("true");
    expect(downloads()).toBe(before);
  });
});

describe("Buildx", () => {
  test("is only needed when the builder is buildx, and its absence is one sentence", async () => {
    const run = await shim(
      { content: await published(), builder: "buildx", tag: "x" },
      { machine: { path: "" } },
    );
    expect(run.log).toContain("there is no docker program on this machine");
    expect(run.exitCode).toBe(1);
  });
});

describe("wrong input is refused in one sentence, and nothing is written", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  test.each([
    [
      "content without a digest",
      { content: "ghcr.io/octo-org/site/content:0.1.2" },
      "must end in the digest",
    ],
    ["content that is not there", { content: `ghcr.io/octo-org/site/content@${digest}` }, "publish it first"],
    ["no content", {}, 'Input "content" is required'],
    ["an unknown platform", { content: `ghcr.io/o/c@${digest}`, platforms: "linux" }, 'one entry is "linux"'],
    ["an unknown mode", { content: `ghcr.io/o/c@${digest}`, embed: "all" }, "none, modules, app"],
    ["an image with a tag", { content: `ghcr.io/o/c@${digest}`, image: "ghcr.io/o/s:1" }, "without a tag"],
    [
      "Buildx for an embedded app",
      { content: `ghcr.io/o/c@${digest}`, builder: "buildx", embed: "app" },
      'Input "embed" is for builder append',
    ],
    [
      "a Dockerfile without Buildx",
      { content: `ghcr.io/o/c@${digest}`, dockerfile: "x" },
      'set "builder" to buildx',
    ],
    ["a Spin that never was", { content: `ghcr.io/o/c@${digest}`, "spin-version": "newest" }, "newest"],
  ])("%s", async (_name, inputs, message) => {
    const run = await shim(inputs);
    expect(run.exitCode).toBe(1);
    expect(run.annotations.map(({ message }) => message).join("\n")).toContain(message);
    expect(writes()).toEqual([]);
  });
});
