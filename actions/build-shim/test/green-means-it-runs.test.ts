import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Blob, blobOf, type Manifest, manifestOf, mediaTypes } from "@spin-publisher/oci";
import { pullRequest } from "@spin-publisher/sandbox";
import { sandboxed } from "./sandboxed.ts";
import { type ApplicationParts, application, foreignImage, foreignIndex, site } from "./stored-images.ts";

const world = sandboxed();
const { shim, published, put, writes } = world;

const digest = `sha256:${"0".repeat(64)}`;
const amd64 = { os: "linux", architecture: "amd64" };
const page = { id: "site", module: "m", files: { "index.html": "<h1>hello</h1>" } };

type Inputs = Readonly<Record<string, string>>;
type Options = Parameters<typeof shim>[1];

/** A red run: exit 1, one error that contains the sentence, and nothing written. */
async function expectRefused(sentence: string, inputs: Inputs, options?: Options) {
  world.registry.clearRequests();
  const run = await shim(inputs, options);
  const errors = run.annotations.filter(({ level }) => level === "error").map(({ message }) => message);
  expect(errors).toEqual([expect.stringContaining(sentence)]);
  expect(run.exitCode).toBe(1);
  expect(run.outputs.digest ?? "").toBe("");
  expect(writes()).toEqual([]);
  return run;
}

const messagesOf = ({ annotations }: Awaited<ReturnType<typeof shim>>, level: string) =>
  annotations.filter((annotation) => annotation.level === level).map(({ message }) => message);

describe("a base image", () => {
  const withoutPlatforms = (images: readonly Manifest[], mediaType: string = mediaTypes.index) => {
    const manifests = images.map(({ descriptor }) => ({ ...descriptor, platform: undefined }));
    return manifestOf(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, manifests }), {
      children: images,
    });
  };
  const image = (architecture: string) => foreignImage({ architecture });

  test("whose index names no platforms is chosen by what the images' configs say", async () => {
    const base = await put("ghcr.io/o/base", withoutPlatforms([image("arm64"), image("amd64")]), "1");
    const run = await shim({ content: await published(), "base-image": base });
    expect(run.exitCode).toBe(0);
    expect(Object.keys(JSON.parse(run.outputs.platforms ?? ""))).toEqual(["linux/amd64", "linux/arm64"]);
  });

  test("may nest indexes, and be something else beside images", async () => {
    const chart = manifestOf(
      mediaTypes.manifest,
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.manifest,
        config: blobOf("application/vnd.cncf.helm.config.v1+json", "{}").descriptor,
        layers: [],
      }),
      { blobs: [blobOf("application/vnd.cncf.helm.config.v1+json", "{}")] },
    );
    const nested = withoutPlatforms([foreignIndex([{ platform: amd64, image: image("amd64") }]), chart]);
    const base = await put("ghcr.io/o/base", nested, "1");
    const inputs = { content: await published(), "base-image": base };
    const run = await shim({ ...inputs, platforms: "linux/amd64" });
    expect(Object.keys(JSON.parse(run.outputs.platforms ?? "{}"))).toEqual(["linux/amd64"]);
    await expectRefused("has no linux/arm64, it has linux/amd64; change", { ...inputs, tag: "2" });
  });

  test("that nests without end is refused", async () => {
    let nested = image("amd64");
    for (let depth = 0; depth < 5; depth += 1) nested = withoutPlatforms([nested]);
    const base = await put("ghcr.io/o/base", nested, "1");
    await expectRefused("nests indexes more than 3 deep", {
      content: await published(),
      "base-image": base,
    });
  });

  test("that starts a shell is refused, since the shell would swallow Spin's arguments", async () => {
    const config = { config: { Entrypoint: ["/bin/sh", "-c"] } };
    const base = await put("ghcr.io/o/base", foreignImage({ architecture: "amd64", config }), "1");
    await expectRefused('starts a shell, ["/bin/sh","-c"]', {
      content: await published(),
      "base-image": base,
      platforms: "linux/amd64",
    });
  });

  test.each([
    ["another program", ["/entrypoint.sh"], 'starts ["/entrypoint.sh"], which does not name Spin'],
    ["nothing", null, 'has no entry point, so the image starts "spin" from its PATH'],
  ])("that starts %s gets a warning", async (_name, Entrypoint, warning) => {
    const image = foreignImage({ architecture: "amd64", config: { config: { Entrypoint } } });
    const base = await put("ghcr.io/o/base", image, "1");
    const run = await shim({
      content: await published(),
      "base-image": base,
      platforms: "linux/amd64",
    });
    expect(run.exitCode).toBe(0);
    expect(messagesOf(run, "warning")).toEqual([expect.stringContaining(warning)]);
  });

  test("with more layers than a container can have is refused", async () => {
    const layers = Array.from({ length: 124 }, (_, index) => ({
      mediaType: mediaTypes.layerTarGzip,
      text: `layer ${index}`,
    }));
    const base = await put("ghcr.io/o/base", foreignImage({ architecture: "amd64", layers }), "1");
    const inputs = { content: await published(), "base-image": base, platforms: "linux/amd64" };
    await expectRefused("would have 126 layers, and containers start with at most 125", inputs);
    expect((await shim({ ...inputs, embed: "none" })).exitCode).toBe(0);
  });

  test("that lacks a platform is refused with those that it has", async () => {
    await expectRefused("has no linux/s390x, it has linux/amd64, linux/arm64", {
      content: await published(),
      platforms: "linux/s390x",
    });
  });

  test("of a release without an official image says what else there is", async () => {
    await expectRefused('there is no official image of Spin 3.6.3. Set input "base-image" to scratch', {
      content: await published(),
      "spin-version": "3.6.3",
    });
  });
});

describe("content", () => {
  async function publishedApplication(parts: Partial<ApplicationParts>): Promise<string> {
    return published(await application({ components: [page], ...parts }));
  }

  test.each<[string, () => Manifest, string]>([
    [
      "an index of images",
      () => foreignIndex([{ platform: amd64, image: foreignImage({ architecture: "amd64" }) }]),
      "is an index of several images, not a Spin application",
    ],
    [
      "a container image",
      () => foreignImage({ architecture: "amd64" }),
      "is a container image, not a Spin application",
    ],
    ["a Helm chart", helmChart, "is a Helm chart, not a Spin application"],
  ])("that is %s is refused", async (_name, artifact, sentence) => {
    await expectRefused(sentence, { content: await published(artifact()) });
  });

  test.each<[string, Partial<ApplicationParts>, string]>([
    ["has no triggers", { triggerTypes: [] }, "cannot start: it has no triggers"],
    [
      "triggers a component that does not exist",
      {
        edit: (lock) => {
          lock.triggers = [{ id: "t", trigger_type: "http", trigger_config: { component: "helo" } }];
        },
      },
      'its trigger "t" runs a component "helo", which does not exist',
    ],
    [
      "names a module that it does not hold",
      {
        edit: (lock) => {
          lock.components = [{ id: "site", source: { content_type: "application/wasm", digest } }];
        },
      },
      'component "site" runs the module sha256:0000',
    ],
    [
      "names a file that it does not hold",
      {
        edit: (lock) => {
          const [component] = lock.components as object[];
          lock.components = [{ ...component, files: [{ path: "logo.svg", digest }] }];
        },
      },
      'component "site" has a file "logo.svg"',
    ],
    [
      "has a malformed lock",
      {
        edit: (lock) => {
          lock.components = {};
        },
      },
      "is malformed: components is not a list",
    ],
  ])("that %s is refused, whatever of it is embedded", async (_name, parts, sentence) => {
    const content = await publishedApplication(parts);
    await expectRefused(sentence, { content, embed: "none" });
  });

  test.each([
    ["not WebAssembly", "<html>", "holds a module that is not WebAssembly"],
    [
      "a Git LFS pointer",
      "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
      "holds a Git LFS pointer where a Wasm module is expected; set lfs: true",
    ],
  ])("whose module is %s is refused", async (_name, text, sentence) => {
    const module = blobOf("application/vnd.wasm.content.layer.v1+wasm", text);
    await expectRefused(sentence, { content: await published(bareModule(module)) });
  });

  test("without an HTTP trigger gets a warning, since nothing listens on the port", async () => {
    const run = await shim({ content: await publishedApplication({ triggerTypes: ["redis"] }) });
    expect(run.exitCode).toBe(0);
    expect(messagesOf(run, "warning")).toEqual([
      expect.stringContaining("has no HTTP trigger (its triggers: redis)"),
    ]);
  });

  test("that needs variables names those to set", async () => {
    const edit = (lock: Record<string, unknown>) => {
      lock.variables = { api_key: { secret: true }, greeting: { default: "hello" } };
    };
    const run = await shim({ content: await publishedApplication({ edit }) });
    expect(messagesOf(run, "notice")).toEqual([
      expect.stringContaining("set SPIN_VARIABLE_API_KEY in the container"),
    ]);
  });

  test.each([
    ["2.3.1", {}, "the option --cache-dir, used with input"],
    ["1.5.1", { embed: "none" }, "content in this form needs Spin 2.0.0 or newer"],
  ])("is refused for Spin %s, which cannot run it", async (version, inputs, sentence) => {
    await put(
      "ghcr.io/spinframework/spin",
      foreignImage({ architecture: "amd64" }),
      `v${version}-distroless`,
    );
    await expectRefused(`Spin ${version} cannot run this image: ${sentence}`, {
      content: await published(),
      "spin-version": version,
      platforms: "linux/amd64",
      ...inputs,
    });
  });

  test("that calls other components is refused for a Spin that cannot", async () => {
    await put("ghcr.io/spinframework/spin", foreignImage({ architecture: "amd64" }), "v3.2.0-distroless");
    const edit = (lock: Record<string, unknown>) => {
      const [component] = lock.components as object[];
      lock.components = [{ ...component, host_requirements: { local_service_chaining: "required" } }];
    };
    const content = await publishedApplication({ edit });
    const inputs = { content, platforms: "linux/amd64" };
    await expectRefused("(service chaining) needs Spin 3.3.0 or newer", {
      ...inputs,
      "spin-version": "3.2.0",
    });
    expect((await shim(inputs)).exitCode).toBe(0);
  });

  test("of a digest that was never published is refused, and a dry run's way is named", async () => {
    await expectRefused("does not exist; publish it first", {
      content: `ghcr.io/octo-org/site/content:0.1.2@${digest}`,
    });
    await expectRefused(
      'After a dry run of spin-registry-push, which publishes nothing, pass its output "layout"',
      {
        content: `ghcr.io/octo-org/site/content:0.1.2@${digest}`,
      },
      { event: pullRequest({ number: 7 }) },
    );
  });

  test.each([
    ["a folder that is no layout", ".", 'has no file "oci-layout"'],
    ["a reference with a scheme", `oci://ghcr.io/o/c@${digest}`, "leave out oci://"],
  ])("that is %s is refused", async (_name, content, sentence) => {
    await expectRefused(sentence, { content });
  });

  test("in a layout that is damaged is refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "content-"));
    await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    try {
      await expectRefused("is not a usable OCI layout: index.json cannot be read", {
        content: folder,
        "dry-run": "true",
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test("a base image that may not be read is refused, naming it", async () => {
  const authentication = { scheme: "bearer", users: { reader: "secret" } } as const;
  const other = await world.otherRegistry({ authentication });
  await expectRefused(
    "This is about the base image: log in to base.example in an earlier step",
    { content: await published(), "base-image": "base.example/o/base:1" },
    { mirrors: `${world.mirrors}\nhttps://base.example=${other.origin}` },
  );
});

describe("a folder for what is built", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "runner-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A machine whose `docker` is a script, or a file that cannot be started. */
  async function machineWith(docker: string, mode: number) {
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin", "docker"), docker, { mode });
    return { temp: folder, machine: { path: `${join(folder, "bin")}:/usr/bin:/bin` } };
  }

  const leftBehind = async () =>
    (await readdir(folder, { recursive: true })).filter((path) => basename(path).startsWith("shim-"));

  test("is removed when Buildx stops halfway", async () => {
    const script = `#!/bin/sh
for argument; do case "$argument" in type=oci*) mkdir -p "\${argument##*dest=}/blobs" ;; esac; done
exit 3
`;
    await expectRefused(
      "docker buildx build ended with exit code 3",
      { content: await published(), builder: "buildx" },
      await machineWith(script, 0o755),
    );
    expect(await leftBehind()).toEqual([]);
  });

  test("is removed when Buildx says that it is done and has left half a layout", async () => {
    const script = `#!/bin/sh
for argument; do case "$argument" in type=oci*) mkdir -p "\${argument##*dest=}/blobs" ;; esac; done
`;
    await expectRefused(
      "is not a usable OCI layout: index.json cannot be read",
      { content: await published(), builder: "buildx" },
      await machineWith(script, 0o755),
    );
    expect(await leftBehind()).toEqual([]);
  });

  test("is removed after a release, too", async () => {
    const run = await shim({ content: await published() }, { temp: folder });
    expect([run.exitCode, await leftBehind()]).toEqual([0, []]);
  });

  test("that cannot be made is a sentence", async () => {
    await expectRefused(
      'Building the shim needs a temporary folder, but none can be created in "/dev/null"',
      { content: await published() },
      { env: { RUNNER_TEMP: "/dev/null" } },
    );
  });

  test("is not needed to learn that docker cannot be started", async () => {
    await expectRefused(
      "docker cannot be started (EACCES)",
      { content: await published(), builder: "buildx" },
      await machineWith("#!/bin/sh\n", 0o644),
    );
  });
});

describe("content in a registry of its own", () => {
  const authentication = { scheme: "bearer", users: { reader: "content-secret" } } as const;

  /** Content in a private registry, `content.example`, and what a run needs to see it. */
  async function privateContent(): Promise<{ readonly content: string; readonly mirrors: string }> {
    const open = await world.otherRegistry();
    const mirror = (origin: string) => `${world.mirrors}\nhttps://content.example=${origin}`;
    const { createFetch, parseMirrors } = await import("@spin-publisher/http");
    const { createRegistryClient, inspectTarget, publish } = await import("@spin-publisher/oci");
    const client = createRegistryClient({
      fetch: createFetch({ mirrors: parseMirrors(mirror(open.origin)) }),
    });
    const repository = { registry: "content.example", name: "o/content" };
    const root = await site();
    const state = await inspectTarget(client, { repository, tag: "1", aliases: [] });
    await publish(client, { root }, state, { immutable: true });
    const closed = await world.otherRegistry({ root: open.root, authentication });
    return {
      content: `content.example/o/content:1@${root.descriptor.digest}`,
      mirrors: mirror(closed.origin),
    };
  }

  test("is read with credentials of its own, and the image is published with others", async () => {
    const { content, mirrors } = await privateContent();
    const users = { writer: "image-secret" };
    const image = await world.otherRegistry({ authentication: { scheme: "basic", users } });
    const run = await shim(
      {
        content,
        "content-username": "reader",
        "content-password": "content-secret",
        image: "image.example/o/site",
        "registry-username": "writer",
        "registry-password": "image-secret",
      },
      { mirrors: `${mirrors}\nhttps://image.example=${image.origin}` },
    );
    expect(run.exitCode).toBe(0);
    expect(run.outputs.changed).toBe("true");
    expect(run.log).not.toMatch(/content-secret|image-secret/);
    // Pods have no such credentials: what they need is said.
    expect(messagesOf(run, "notice")).toEqual([
      expect.stringContaining("The content in content.example/o/content is private"),
    ]);
  });

  test.each<[string, Inputs]>([
    ["without credentials", {}],
    ["with wrong ones", { "content-username": "reader", "content-password": "not-that-one" }],
    // Those of the image are for the image's registry.
    [
      "with credentials for the image only",
      { "registry-username": "reader", "registry-password": "content-secret" },
    ],
  ])("%s is refused, naming it and the inputs to set", async (_name, inputs) => {
    const { content, mirrors } = await privateContent();
    const run = await expectRefused(
      'This is about the content: set "content-username" and "content-password"',
      { content, ...inputs },
      { mirrors },
    );
    expect(run.log).toContain("content.example");
    expect(run.log).not.toContain("registry-username");
  });

  test("has both a user name and a password, or neither", async () => {
    await expectRefused('Input "content-username" is set, but "content-password" is empty', {
      content: await published(),
      "content-username": "reader",
    });
  });

  test("is not announced as private for an image that holds all of it", async () => {
    const { content, mirrors } = await privateContent();
    const run = await shim(
      { content, embed: "app", "content-username": "reader", "content-password": "content-secret" },
      { mirrors },
    );
    expect([run.exitCode, messagesOf(run, "notice")]).toEqual([0, []]);
  });

  test("on this machine only is announced", async () => {
    const other = await world.otherRegistry();
    const content = await put(`${other.host}/o/content`, await site(), "1");
    const run = await shim({ content });
    expect(messagesOf(run, "notice")).toEqual([
      expect.stringContaining(`pulls its content from ${other.host} when it starts, which only this machine`),
    ]);
  });
});

describe("inputs", () => {
  const content = `ghcr.io/octo-org/site/content:0.1.2@${digest}`;
  test.each<[string, Inputs, string]>([
    ["a label without a key", { labels: "=x" }, 'Input "labels"'],
    ["an annotation without a key", { annotations: " = x" }, 'Input "annotations"'],
    [
      "an annotation that the action reads back",
      { annotations: "io.github.spin-publisher.layers={}" },
      'sets "io.github.spin-publisher.layers", which this action sets itself',
    ],
    ["an image with a tag", { image: "ghcr.io/Octo-Org/Site:V1" }, 'Input "image" must be a repository'],
    ["an image with a scheme", { image: "oci://ghcr.io/o/s" }, "leave out oci://"],
    ["a base image with a scheme", { "base-image": "docker://ghcr.io/o/s:1" }, "leave out docker://"],
    [
      "a version of Spin beside another base image",
      { "base-image": "ghcr.io/o/s:1", "spin-version": "4.0.1" },
      'Inputs "spin-version" and "base-image" contradict each other',
    ],
    [
      "a base image for Buildx",
      { builder: "buildx", "base-image": "ghcr.io/o/s:1" },
      'Input "base-image" is for builder append',
    ],
    ["platforms twice", { platforms: "linux/amd64,linux/amd64" }, "has linux/amd64 twice"],
  ])("with %s are refused", async (_name, inputs, sentence) => {
    await expectRefused(sentence, { content, ...inputs });
  });

  test("may name the image in upper case: registries have lower-case names", async () => {
    const run = await shim({ content: await published(), image: "ghcr.io/Octo-Org/Site" });
    expect(run.outputs.reference).toMatch(/^ghcr\.io\/octo-org\/site:0\.1\.2@/);
  });
});

describe("what cannot be downloaded ends in a sentence, not in a system error", () => {
  const raw = /E(?:CONN|NOT|TIME|ACCES|PIPE|NOSPC)|fetch failed|undefined|\[object/;

  test.each<[string, Inputs, (path: string) => boolean, string]>([
    [
      "the base image",
      { "spin-version": "4.0.2" },
      (path) => path.includes("v4.0.2-distroless"),
      "spinframework/spin",
    ],
    [
      "an image of the base",
      {},
      (path) => /spinframework\/spin\/manifests\/sha256/.test(path),
      "spinframework/spin",
    ],
    ["a config of the base", {}, (path) => path.includes("spinframework/spin/blobs"), "spinframework/spin"],
    ["the content", {}, (path) => path.includes("/content/manifests"), "octo-org/site/content"],
    ["a module", {}, (path) => path.includes("/content/blobs"), "octo-org/site/content"],
  ])("%s, which the registry does not give out", async (_name, inputs, matches, named) => {
    const content = await published();
    const answer = JSON.stringify({ errors: [{ code: "UNKNOWN", message: "no" }] });
    const body = new TextEncoder().encode(answer);
    world.registry.setFaults(({ path }) =>
      matches(path)
        ? { kind: "answer", reply: { status: 400, headers: { "content-type": "application/json" }, body } }
        : undefined,
    );
    const run = await expectRefused(named, { content, ...inputs });
    expect(messagesOf(run, "error").join()).not.toMatch(raw);
  });

  test("a release that is not what its checksums say", async () => {
    const { corrupted, startUpstream } = await import("@spin-publisher/sandbox");
    const broken = await startUpstream({
      answer: (_request, answer) => {
        const isGzip = Buffer.from(answer.body ?? "")[0] === 0x1f;
        return isGzip ? corrupted(answer) : answer;
      },
    });
    try {
      const run = await expectRefused(
        "spin-v4.0.2-static-linux",
        { content: await published(), "base-image": "scratch" },
        { mirrors: `${broken.mirrors}\nhttps://ghcr.io=${world.registry.origin}` },
      );
      expect(messagesOf(run, "error").join()).not.toMatch(raw);
    } finally {
      await broken.close();
    }
  });

  test("a release that does not exist", async () => {
    await expectRefused("9.9.9", {
      content: await published(),
      "base-image": "scratch",
      "spin-version": "9.9.9",
    });
  });
});

function helmChart(): Manifest {
  const config = blobOf("application/vnd.cncf.helm.config.v1+json", '{"name":"bart"}');
  const layer = blobOf("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "chart");
  return manifestWith(config, [layer]);
}

function bareModule(module: Blob): Manifest {
  return manifestWith(blobOf(mediaTypes.config, '{"architecture":"wasm","os":"wasip1"}'), [module]);
}

function manifestWith(config: Blob, layers: readonly Blob[]): Manifest {
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  return manifestOf(mediaTypes.manifest, document, { blobs: [config, ...layers] });
}
