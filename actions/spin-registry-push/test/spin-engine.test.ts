import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "@jest/globals";
import { digestOf } from "@spin-publisher/oci";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { type LockedApp, serialiseLockedApp } from "@spin-publisher/spin-artifact";
import { assembleWithSpin } from "../src/engine/cli.ts";
import { execute } from "../src/engine/execute.ts";
import { assemble } from "../src/engine/native.ts";
import { startSink } from "../src/engine/sink.ts";
import { contentOf, readContent } from "../src/files/content.ts";
import { namingManifest } from "../src/manifest/error.ts";
import { readManifestFile } from "../src/manifest/read.ts";
import { createModuleCache } from "../src/sources/cache.ts";
import { filesContext, sourcesContext } from "./contexts.ts";
import { fakeSpin } from "./fake-spin.ts";
import { project } from "./project.ts";
import { withComponent } from "./reading.ts";
import { component } from "./wasm.ts";

const test = testNeeding("shebang scripts");

const composed = Buffer.concat([component, Buffer.alloc(3000, 7)]);
const dependency = '[component.web.dependencies]\n"a:b" = { path = "dependency.wasm" }\n';
const site = (more = dependency, source?: string) =>
  project({
    "spin.toml": withComponent(`files = ["content/*"]\n${more}`, source),
    "web.wasm": component,
    "content/index.md": "index ".repeat(50),
    "content/about.md": "about ".repeat(50),
    "content/tiny.md": "tiny",
  });

/** The locked application that Spin would make of `folder`: composed modules, files in any order. */
async function lockedBySpin(
  folder: string,
  change: (app: LockedApp) => LockedApp = (app) => app,
): Promise<string> {
  const application = await readManifestFile(join(folder, "spin.toml"));
  const local = application.components.map((component) => ({
    ...component,
    source: { kind: "local", line: 1, path: "web.wasm" } as const,
  }));
  const { app } = await assemble({ ...application, components: local }, context(folder));
  const components = app.components.map((component) => ({
    ...component,
    source: { digest: contentOf(composed).digest },
    files: [...component.files].reverse(),
  }));
  return serialiseLockedApp(change({ ...app, components }));
}

const context = (folder: string, path = "") => ({
  fetch: async () => {
    throw new Error("nothing is to be downloaded here");
  },
  cache: createModuleCache(join(folder, "cache")),
  sizeInRegistry: async () => undefined,
  ...sourcesContext(folder),
  ...filesContext(folder),
  manifest: join(folder, "spin.toml"),
  environment: {
    PATH: path,
    INPUT_REGISTRY_PASSWORD: "secret",
    "INPUT_REGISTRY-PASSWORD": "secret",
    ACTIONS_RUNTIME_TOKEN: "secret",
    HOME: "/home/me",
    NO_PROXY: "internal",
  },
  execute,
  log: () => {},
});

async function assembled(folder: string, path: string, profile?: string) {
  return namingManifest("spin.toml", async () =>
    assembleWithSpin(await readManifestFile(join(folder, "spin.toml"), profile), context(folder, path)),
  );
}

describe("an application that Spin assembles", () => {
  test("has Spin's modules and settings, and files in our order and from our disk", async () => {
    const folder = await site();
    const path = await fakeSpin({ lockedApp: await lockedBySpin(folder), modules: [composed] });
    const { app, layers } = await assembled(folder, path);
    expect(app.components[0]?.files.map(({ path }) => path)).toEqual([
      "content/about.md",
      "content/index.md",
      "content/tiny.md",
    ]);
    const [web] = layers;
    expect(web?.module.digest).toBe(digestOf(composed));
    expect(web && (await readContent(web.module))).toEqual(composed);
    expect(web?.files.map(({ key, content }) => [key, content.source.kind])).toEqual([
      ["content/about.md", "file"],
      ["content/index.md", "file"],
      ["content/tiny.md", "file"],
    ]);
  });

  test("is the same whatever the order of Spin's files", async () => {
    const folder = await site();
    const forth = await fakeSpin({ lockedApp: await lockedBySpin(folder), modules: [composed] });
    const reversed = await lockedBySpin(folder, (app) => ({
      ...app,
      components: app.components.map((one) => ({ ...one, files: [...one.files].reverse() })),
    }));
    const back = await fakeSpin({ lockedApp: reversed, modules: [composed] });
    const [one, other] = [await assembled(folder, forth), await assembled(folder, back)];
    expect(serialiseLockedApp(other.app)).toBe(serialiseLockedApp(one.app));
  });

  test("is pushed by Spin to this process only, without our inputs and without a proxy", async () => {
    const folder = await site();
    const path = await fakeSpin({ lockedApp: await lockedBySpin(folder), modules: [composed] });
    await assembled(folder, path, "debug");
    const call = JSON.parse(await readFile(join(path, "call.json"), "utf8"));
    expect(call.args).toEqual([
      "registry",
      "push",
      "--insecure",
      "--from",
      join(folder, "spin.toml"),
      "--profile",
      "debug",
      expect.stringMatching(/^127\.0\.0\.1:\d+\/[0-9a-f]{32}\/app:content$/),
    ]);
    expect(call.env).toMatchObject({
      HOME: "/home/me",
      NO_PROXY: "internal,127.0.0.1",
      SPIN_OCI_ARCHIVE_LAYERS: "1",
    });
    expect(JSON.stringify(call.env)).not.toContain("secret");
  });

  test("has its pinned modules in Spin's cache, verified, before Spin starts", async () => {
    const folder = await site(
      dependency,
      `{ url = "https://a.b/web.wasm", digest = "${digestOf(component)}" }`,
    );
    await expect(assembled(folder, await fakeSpin({ lockedApp: "{}", modules: [] }))).rejects.toThrow(
      'spin.toml:8: component "web" cannot be published: nothing is to be downloaded here.',
    );
  });

  test.each([
    ["a dependency", dependency, 'spin.toml:11: the dependency "a:b" of component "web"'],
    ["nothing", "", "The engine cli runs spin, but"],
  ])(
    "needs a spin on PATH; without one the error names %s and the step to add",
    async (_name, more, message) => {
      const folder = await site(more);
      const result = assembled(folder, await project());
      await expect(result).rejects.toThrow(message);
      await expect(result).rejects.toThrow(
        "it is not on PATH; add a step with the action setup-spin before this one.",
      );
    },
  );

  test("fails with what Spin says", async () => {
    const folder = await site();
    const path = await fakeSpin({ lockedApp: "", modules: [], failure: "Error: no such package" });
    await expect(assembled(folder, path)).rejects.toThrow(
      expect.objectContaining({
        message: "spin could not assemble the application; its message follows.",
        cause: expect.objectContaining({ message: "Error: no such package" }),
      }),
    );
  });

  test("has the same errors about its files as with our own engine", async () => {
    const folder = await site(`${dependency}`.replace("[component", 'exclude_files = ["a**"]\n[component'));
    await expect(assembled(folder, await fakeSpin({ lockedApp: "{}", modules: [] }))).rejects.toThrow(
      "spin.toml:10: exclude_files has",
    );
  });

  test.each([
    [
      "a field of a newer Spin",
      (text: string) => text.replace('"triggers":[', '"future":1,"triggers":['),
      'the locked application has a field "future" that is not known here',
    ],
    [
      "another layout",
      (text: string) => text.replace("{", "{ "),
      "it is not laid out in the way that is known here",
    ],
    [
      "a module that did not arrive",
      (text: string) => text.replace(digestOf(composed), digestOf("other")),
      "which it did not push",
    ],
    [
      "a digest that is none",
      (text: string) => text.replace(digestOf(composed), "sha256:1"),
      '"sha256:1" is not a digest',
    ],
  ])("is refused when Spin's push holds %s", async (_name, change, message) => {
    const folder = await site();
    const path = await fakeSpin({ lockedApp: change(await lockedBySpin(folder)), modules: [composed] });
    await expect(assembled(folder, path)).rejects.toThrow(message);
  });

  test("is refused when Spin publishes other files than the manifest names", async () => {
    const folder = await site();
    const lockedApp = (await lockedBySpin(folder)).replace(
      digestOf("index ".repeat(50)),
      digestOf("changed"),
    );
    await expect(assembled(folder, await fakeSpin({ lockedApp, modules: [composed] }))).rejects.toThrow(
      'spin published "content/index.md" of component "web" with content that no file of the application has',
    );
  });

  test("is refused when an older Spin ignores its middleware", async () => {
    const folder = await site("");
    const manifest = withComponent('files = ["content/*"]').replace(
      'component = "web"',
      'component = "web"\ndependencies = { middleware = [{ path = "m.wasm" }] }',
    );
    const lockedApp = await lockedBySpin(folder, (app) => ({
      ...app,
      triggers: app.triggers.map((trigger) => ({
        ...trigger,
        config: new Map([...trigger.config]).set("dependencies", new Map()),
      })),
    }));
    const path = await fakeSpin({ lockedApp, modules: [composed] });
    const other = await project({ "spin.toml": manifest, "web.wasm": component, "content/a.md": "a" });
    await expect(assembled(other, path)).rejects.toThrow(
      "spin.toml:7: the installed spin does not support dependencies of triggers",
    );
  });
});

describe("the sink", () => {
  test("accepts neither pushes to another repository nor damaged content", async () => {
    const sink = await startSink();
    try {
      const [host, ...path] = sink.reference.replace(/:content$/, "").split("/");
      const base = `http://${host}/v2`;
      const status = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;
      expect(await status(`${base}/other/app/blobs/uploads/`, { method: "POST" })).toBe(404);
      const repository = `${base}/${path.join("/")}`;
      const opened = await fetch(`${repository}/blobs/uploads/`, { method: "POST" });
      const location = `http://${host}${opened.headers.get("location")}`;
      expect(await status(`${location}?digest=${digestOf("a")}`, { method: "PUT", body: "b" })).toBe(400);
      expect(await status(`${repository}/blobs/${digestOf("b")}`, { method: "HEAD" })).toBe(404);
      expect(() => sink.pushed()).toThrow("nothing arrived");
    } finally {
      await sink.close();
    }
  });
});
