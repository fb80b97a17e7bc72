import { chmod, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { namingFiles } from "@spin-publisher/errors";
import {
  blobOf,
  createRegistryClient,
  digestOf,
  inspectTarget,
  manifestOf,
  mediaTypes,
  publish,
} from "@spin-publisher/oci";
import { type RegistryServer, startRegistry } from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { annotationsOf } from "../src/artifact/annotations.ts";
import { contentOfFile, readContent } from "../src/files/content.ts";
import { usage } from "../src/report.ts";
import { createModuleCache } from "../src/sources/cache.ts";
import { built, published } from "./building.ts";
import { fakeSpin } from "./fake-spin.ts";
import { project } from "./project.ts";
import { locked, read, withComponent } from "./reading.ts";
import { writeTree } from "./tree.ts";
import { unprivileged } from "./unprivileged.ts";
import { component, moduleOf } from "./wasm.ts";

let registry: RegistryServer;
let number = 0;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());
beforeEach(() => registry.clearRequests());

const freshRepository = () => {
  number += 1;
  return { registry: registry.host, name: `site/${number}` };
};
const site = (more = 'files = ["content/**/*"]') =>
  project({
    "spin.toml": withComponent(more),
    "web.wasm": component,
    "content/a.md": "a".repeat(200),
    "content/b.md": "b".repeat(300),
    "content/tiny.md": "tiny",
  });
const asked = () =>
  registry.requests.map(({ method, path }) => `${method} ${path.replace(/sha256:[0-9a-f]{64}/, "…")}`);

describe("a run", () => {
  test("with nothing to do requests the tag and each alias, and nothing else", async () => {
    const folder = await site();
    const repository = freshRepository();
    await published(folder, repository, { aliases: ["latest"] });
    registry.clearRequests();
    const { report, summary } = await published(folder, repository, { aliases: ["latest"] });
    expect(report).toMatchObject({ changed: false, uploadedBytes: 0 });
    expect(asked().sort()).toEqual([
      `GET /v2/${repository.name}/manifests/1`,
      `GET /v2/${repository.name}/manifests/latest`,
    ]);
    expect(await summary).toContain("No file changed since the previous version.");
  });

  test("uploads what changed and what depends on it, however many files there are", async () => {
    const counts: number[] = [];
    for (const pages of [40, 58]) {
      const folder = await site();
      await writeTree(
        folder,
        Object.fromEntries(
          Array.from({ length: pages }, (_, index) => [`content/${index}.md`, `${index}`.repeat(200)]),
        ),
      );
      const repository = freshRepository();
      await published(folder, repository, { aliases: ["main"] });
      await writeTree(folder, { "content/a.md": "A".repeat(250) });
      registry.clearRequests();
      const { report } = await published(folder, repository, { tag: "2", aliases: ["main"] });
      expect(report.blobs).toMatchObject({ uploaded: 3, present: pages + 2 });
      counts.push(registry.requests.length);
    }
    expect(counts[1]).toBe(counts[0]);
    expect(counts[1]).toBeLessThanOrEqual(12);
  });

  test("with one changed file of many uploads one small archive, the locked application and little else", async () => {
    const pages = Array.from({ length: 1000 }, (_, index) => [
      `content/${index % 40}/${index}.md`,
      `Page ${index}. `.repeat(20),
    ]);
    const folder = await site();
    await writeTree(folder, Object.fromEntries(pages));
    const repository = freshRepository();
    await published(folder, repository, { aliases: ["main"] });
    await writeTree(folder, { "content/7/7.md": "Changed. ".repeat(20) });
    registry.clearRequests();
    const { report, artifact } = await published(folder, repository, { tag: "2", aliases: ["main"] });
    expect(registry.requests.length).toBeLessThanOrEqual(12);
    const sizes = artifact.root.blobs.map(({ descriptor }) => descriptor.size);
    const [config = 0, lockedApp = 0, largestArchive = 0] = [
      sizes[0],
      sizes.at(-1),
      Math.max(...sizes.slice(1, -1)),
    ];
    expect(report.blobs).toMatchObject({ uploaded: 3, present: 3 });
    expect(report.uploadedBytes).toBeLessThanOrEqual(
      config + lockedApp + largestArchive + 2 * artifact.root.descriptor.size,
    );

    registry.clearRequests();
    const again = await published(folder, repository, { tag: "2", aliases: ["main"] });
    expect([again.report.changed, registry.requests.length]).toEqual([false, 2]);
  });

  test("that would move a tag names the files that differ, and the ways out", async () => {
    const folder = await site();
    const repository = freshRepository();
    await published(folder, repository);
    await writeTree(folder, { "content/a.md": "new", "content/c.md": "c".repeat(2048) });
    await rm(join(folder, "content/b.md"));
    await expect(published(folder, repository)).rejects.toThrow(
      /web\/content\/a\.md \(changed: 200 B → 3 B\)\n.*web\/content\/c\.md \(added: 2\.0 KiB\)\n.*web\/content\/b\.md \(removed: 300 B\)\nPublish under a new tag/,
    );
  });

  test.each([
    [
      "settings",
      (folder: string) =>
        writeFile(
          join(folder, "spin.toml"),
          withComponent('files = ["content/**/*"]\nenvironment = { A = "1" }'),
        ),
      {},
      "settings in the manifest; all files are the same",
    ],
    [
      "annotations",
      async () => {},
      { annotations: { explicit: { a: "b" } } },
      "annotations, or how files are bundled in layers",
    ],
    [
      "layers",
      async () => {},
      { layers: "archive" as const },
      "annotations, or how files are bundled in layers",
    ],
  ])("says so where only %s differ", async (_name, change, request, difference) => {
    const folder = await site();
    const repository = freshRepository();
    await published(folder, repository);
    await change(folder);
    await expect(published(folder, repository, { request })).rejects.toThrow(`  - ${difference}\n`);
  });

  test("says if the tag points at something that is not an application", async () => {
    const folder = await site();
    const repository = freshRepository();
    const { artifact } = await published(folder, repository);
    const { describeDifference } = await built(folder);
    const bytes = Buffer.from('{"schemaVersion":2,"config":{},"layers":[]}');
    const document = { schemaVersion: 2, config: artifact.root.descriptor, layers: [] } as const;
    expect(
      await describeDifference({
        descriptor: { ...artifact.root.descriptor, digest: digestOf(bytes) },
        bytes,
        document,
      }),
    ).toEqual(["the existing artifact is not a Spin application"]);
  });

  test("omits the sizes of earlier files that were in archives", async () => {
    const folder = await site();
    const repository = freshRepository();
    await published(folder, repository, { request: { layers: "archive" }, aliases: ["main"] });
    await writeTree(folder, { "content/a.md": "new" });
    const { summary } = await published(folder, repository, {
      request: { layers: "archive" },
      tag: "2",
      aliases: ["main"],
    });
    expect(await summary).toContain("| changed | <code>web/content/a.md</code> |  | 3 B |");
  });

  test("escapes Markdown in names of files", async () => {
    const folder = await site();
    const repository = freshRepository();
    await published(folder, repository, { aliases: ["main"] });
    await writeTree(folder, { "content/a|b<i>`*.md": "x" });
    const { summary } = await published(folder, repository, { tag: "2", aliases: ["main"] });
    expect(await summary).toContain("| added | <code>web/content/a&#124;b&lt;i>`*.md</code> |  | 1 B |");
  });

  test("limits the list of files", async () => {
    const folder = await site();
    const repository = freshRepository();
    await published(folder, repository, { aliases: ["main"] });
    await writeTree(
      folder,
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`content/${index}.md`, `${index}`])),
    );
    const { summary } = await published(folder, repository, { tag: "2", aliases: ["main"] });
    expect(await summary).toContain("| | … and 10 more | | |");
    await expect(published(folder, repository)).rejects.toThrow("  - and 40 more");
  });

  test.each([
    [false, "spin up --from-registry ghcr.io/o/site@sha256:12"],
    [true, "spin up --from-registry ghcr.io/o/site@sha256:12 --insecure"],
  ])("can be run, over plain HTTP %s, with %s", (plainHttp, command) => {
    expect(usage("ghcr.io/o/site@sha256:12", { plainHttp })).toBe(command);
  });

  test("says that there is nothing to compare with in its first summary", async () => {
    const { summary } = await built(await site());
    expect(await summary).toContain("There is no earlier version to compare with.");
  });

  testNeeding("Unix permissions").each([
    ["content/a.md", 'spin.toml:9: "content/a.md" cannot be read: the job\'s user has no permission'],
    [
      "content",
      'spin.toml:9: something in the files of component "web" cannot be read: the job\'s user has no',
    ],
    [
      "web.wasm",
      'spin.toml:8: component "web" cannot be published: its source "web.wasm" cannot be read: the job',
    ],
    ["spin.toml", "spin.toml\" cannot be read: the job's user has no permission; grant it with chmod."],
  ])("says that %s cannot be read, why, and what helps", async (path, message) => {
    const folder = await site();
    await chmod(folder, 0o777);
    await chmod(join(folder, path), 0);
    const error = await unprivileged(() => built(folder)).catch((error: unknown) => error);
    await chmod(join(folder, path), 0o700);
    expect(error).toMatchObject({
      message: expect.stringContaining(message),
      cause: expect.objectContaining({ code: "EACCES" }),
    });
  });

  test("says which file was removed while it was published", async () => {
    const folder = await site();
    const content = await contentOfFile(join(folder, "content/b.md"));
    await rm(join(folder, "content/b.md"));
    await expect(readContent(content)).rejects.toMatchObject({
      message: expect.stringMatching(
        /b\.md" was removed while it was being read; do not change files while publishing\.$/,
      ),
      cause: expect.objectContaining({ code: "ENOENT" }),
    });
  });

  test("says which file was removed before it was sent", async () => {
    const folder = await site();
    const client = createRegistryClient();
    const target = { repository: freshRepository(), tag: "1", aliases: [] };
    const state = await inspectTarget(client, target);
    const { artifact } = await built(folder);
    await rm(join(folder, "content/b.md"));
    const sent = namingFiles(() => publish(client, artifact, state, { immutable: true }));
    await expect(sent).rejects.toThrow(
      /content\/b\.md" was removed while it was being read; do not change files while publishing\.$/,
    );
    expect(
      registry.requests.filter(({ method, path }) => method === "PUT" && path.includes("/manifests/")),
    ).toEqual([]);
  });

  test("takes modules from the checkout, of which the manifest's folder is a part", async () => {
    const checkout = await project({
      "target/web.wasm": component,
      "site/spin.toml": withComponent("", '"../target/web.wasm"'),
    });
    await expect(built(join(checkout, "site"), { request: { workspace: checkout } })).resolves.toBeDefined();
    await expect(built(join(checkout, "site"))).rejects.toThrow("is outside the workspace");
  });

  testNeeding("symbolic links")(
    "publishes no application from outside of the workspace, neither directly nor through a link",
    async () => {
      const application = await site();
      const workspace = await project({ "copy/web.wasm": component });
      await symlink(application, join(workspace, "site"));
      await symlink(join(application, "spin.toml"), join(workspace, "copy/spin.toml"));
      for (const manifest of [application, join(workspace, "site"), join(workspace, "copy")]) {
        await expect(built(manifest, { request: { workspace } })).rejects.toThrow(
          /spin\.toml" is outside the workspace, or a link leads there; set the input "manifest"/,
        );
      }
    },
  );

  testNeeding("symbolic links")("can have a workspace that is a link itself", async () => {
    const workspace = join(await project(), "workspace");
    await symlink(await site(), workspace);
    await expect(built(workspace, { request: { workspace } })).resolves.toBeDefined();
  });

  test("warns about what the manifest hardly means", async () => {
    const warnings: string[] = [];
    const folder = await site('files = ["content"]\nallowed_http_hosts = ["a.b"]');
    await built(folder, { dependencies: { warn: (line) => warnings.push(line) } });
    expect(warnings).toEqual([
      expect.stringContaining('spin.toml:10: allowed_http_hosts of component "web" is deprecated'),
      expect.stringContaining('spin.toml:9: "content" puts its files at "content/content/…"'),
    ]);
  });
});

describe("a module that is pinned by URL", () => {
  const digest = digestOf(Buffer.concat([component, Buffer.alloc(500)]));
  const bytes = Buffer.concat([component, Buffer.alloc(500)]);
  const pinned = () =>
    project({ "spin.toml": withComponent("", `{ url = "https://a.b/web.wasm", digest = "${digest}" }`) });
  const offline = async () => ({
    fetch: async () => {
      throw new Error("nothing is to be downloaded here");
    },
    cache: createModuleCache(await project()),
  });

  test("is neither downloaded nor requested if an earlier version has it", async () => {
    const repository = freshRepository();
    const folder = await pinned();
    await published(folder, repository, {
      aliases: ["main"],
      dependencies: { fetch: async () => new Response(bytes) },
    });
    await writeFile(
      join(folder, "spin.toml"),
      withComponent('environment = { A = "1" }', `{ url = "https://a.b/web.wasm", digest = "${digest}" }`),
    );
    registry.clearRequests();
    const { report } = await published(folder, repository, {
      tag: "2",
      aliases: ["main"],
      dependencies: await offline(),
    });
    expect(report.changed).toBe(true);
    expect(asked().filter((request) => request.startsWith("HEAD") && request.includes("/blobs/"))).toEqual(
      [],
    );
  });

  test("is not downloaded if the registry has it, although no earlier version is known", async () => {
    const repository = freshRepository();
    await published(await pinned(), repository, { dependencies: { fetch: async () => new Response(bytes) } });
    const folder = await pinned();
    const { artifact } = await published(folder, repository, { tag: "2", dependencies: await offline() });
    expect(artifact.root.blobs[1]?.descriptor).toMatchObject({ digest, size: bytes.length });
  });

  test("is downloaded where the registry does not answer, as in the dry run of a fork", async () => {
    const repository = { registry: "127.0.0.1:1", name: "site/content" };
    const client = createRegistryClient({ retry: { attempts: 1 } });
    const dependencies = {
      client,
      cache: createModuleCache(await project()),
      fetch: async () => new Response(bytes),
    };
    const { artifact } = await built(await pinned(), { request: { repository }, dependencies });
    expect(artifact.root.blobs[1]?.descriptor).toMatchObject({ digest, size: bytes.length });
  });

  test("does not hide what is wrong with the registry", async () => {
    const state = Promise.reject(new Error("the registry is down"));
    const dependencies = {
      state,
      cache: createModuleCache(await project()),
      fetch: async () => new Response(bytes),
    };
    await expect(built(await pinned(), { dependencies })).rejects.toThrow(/^the registry is down$/);
  });

  test("is not downloaded by a run with nothing to do", async () => {
    const repository = freshRepository();
    await published(await pinned(), repository, { dependencies: { fetch: async () => new Response(bytes) } });
    registry.clearRequests();
    await published(await pinned(), repository, { dependencies: await offline() });
    expect(asked()).toEqual([`GET /v2/${repository.name}/manifests/1`]);
  });
});

describe("a module that Spin refuses to load", () => {
  const refused = moduleOf({ imports: ["env.foo"] });
  const withModule = () => project({ "spin.toml": withComponent(""), "web.wasm": refused });

  test("is not checked again if a known version has it", async () => {
    const repository = freshRepository();
    const client = createRegistryClient();
    const [config, wasm] = [
      blobOf(mediaTypes.config, "{}"),
      blobOf("application/vnd.wasm.content.layer.v1+wasm", refused),
    ];
    const document = { schemaVersion: 2, config: config.descriptor, layers: [wasm.descriptor] };
    const root = manifestOf(mediaTypes.manifest, JSON.stringify(document), { blobs: [config, wasm] });
    const state = await inspectTarget(client, { repository, tag: "unchecked", aliases: [] });
    await publish(client, { root }, state, { immutable: true });

    const { report } = await published(await withModule(), repository, { aliases: ["unchecked"] });
    expect(report.changed).toBe(true);
    await expect(published(await withModule(), freshRepository())).rejects.toThrow(
      'imports "env.foo", which',
    );
  });

  test("is refused by the first component that has it", async () => {
    const folder = await withModule();
    const second = `\n[[trigger.http]]\nroute = "/b"\ncomponent = "b"\n[component.b]\nsource = "web.wasm"\n`;
    await writeTree(folder, { "spin.toml": withComponent("") + second });
    await expect(built(folder)).rejects.toThrow('spin.toml:8: component "web" cannot be published');
  });
});

describe("build commands", () => {
  const building = (command: string, more = "") =>
    withComponent(`[component.web.build]\ncommand = ${command}\n${more}`, '"out/web.wasm"');
  const copy = "mkdir -p out && cp source.bin out/web.wasm";

  test("run only when `build` is true", async () => {
    const folder = await project({ "spin.toml": building(`"${copy}"`), "source.bin": component });
    await expect(built(folder)).rejects.toThrow('build the component first, or set "build: true"');
    await expect(
      built(folder, { request: { build: true }, dependencies: { environment: process.env } }),
    ).resolves.toBeDefined();
  });

  test("run one after the other, in their folder, without our inputs", async () => {
    const folder = await project({
      "spin.toml": building(
        '["mkdir ../out", "cp $FROM ../out/web.wasm", "test -z \\"$INPUT_SECRET\\""]',
        'workdir = "src"',
      ),
      "src/module.bin": component,
    });
    const env = { PATH: process.env.PATH, FROM: "module.bin", INPUT_SECRET: "secret" };
    const told: string[] = [];
    await built(folder, {
      request: { build: true },
      dependencies: { environment: env, log: (line) => told.push(line) },
    });
    expect(told.slice(0, 2)).toEqual([
      "Building web: mkdir ../out",
      "Building web: cp $FROM ../out/web.wasm",
    ]);
  });

  test("fail the run with their line", async () => {
    const folder = await project({
      "spin.toml": building('["exit 7", "touch ran"]'),
      "source.bin": component,
    });
    await expect(
      built(folder, { request: { build: true }, dependencies: { environment: process.env } }),
    ).rejects.toThrow(
      /spin\.toml:9: the build command of component "web" failed with exit code 7: exit 7\.$/,
    );
    await expect(built(folder)).rejects.toThrow("does not exist");
  });

  test("are those of the profile", async () => {
    const folder = await project({
      "spin.toml": building('"false"', `[component.web.profile.debug.build]\ncommand = "${copy}"`),
      "source.bin": component,
    });
    await built(folder, {
      request: { build: true, profile: "debug" },
      dependencies: { environment: process.env },
    });
  });

  test("need a folder that exists", async () => {
    const folder = await project({ "spin.toml": building('"true"', 'workdir = "nowhere"') });
    await expect(
      built(folder, { request: { build: true }, dependencies: { environment: process.env } }),
    ).rejects.toThrow('spin.toml:9: the build command of component "web" cannot be run in "nowhere".');
  });

  test("need a folder relative to the manifest", async () => {
    const folder = await project({ "spin.toml": building('"true"', 'workdir = "/"') });
    await expect(built(folder, { request: { build: true } })).rejects.toThrow(
      'the workdir "/" of component "web" must be relative',
    );
  });
});

describe("an application that needs Spin", () => {
  const needy = withComponent('[component.web.dependencies]\n"a:b" = "1.0"');

  test("is refused without it, naming the line that needs it", async () => {
    const folder = await project({ "spin.toml": needy, "web.wasm": component });
    await expect(built(folder)).rejects.toThrow(
      /spin\.toml:10: the dependency "a:b" of component "web" needs spin, but it is not on PATH; add a step with the action setup-spin before this one\.$/,
    );
    await expect(built(folder, { request: { engine: "native" } })).rejects.toThrow(
      'set the input "engine" to auto or cli',
    );
  });

  test("is published with what Spin assembled, like any other", async () => {
    const folder = await project({ "spin.toml": needy, "web.wasm": component });
    const composed = Buffer.concat([component, Buffer.alloc(300)]);
    const app = JSON.stringify(locked(needy)).replace(
      /"inline":"[^"]*","digest":"[^"]*"/,
      `"digest":"${digestOf(composed)}"`,
    );
    const PATH = await fakeSpin({ lockedApp: app, modules: [composed] });
    const repository = freshRepository();
    const manifestInput = relative(process.cwd(), join(folder, "spin.toml"));
    const { report } = await published(folder, repository, {
      request: { manifest: manifestInput },
      dependencies: { environment: { PATH } },
    });
    const call = JSON.parse(await readFile(join(PATH, "call.json"), "utf8"));
    expect([call.folder, call.args.includes(join(folder, "spin.toml"))]).toEqual([folder, true]);
    const manifest = await createRegistryClient().manifest({ ...repository, digest: report.digest });
    expect(manifest?.document).toMatchObject({
      layers: [{ digest: digestOf(composed), size: composed.length }, { size: app.length }],
    });
    expect(manifest?.document.annotations).toEqual({ "org.opencontainers.image.title": "site" });
  });
});

describe("the annotations of an artifact", () => {
  const application = read(
    'spin_manifest_version = 2\n[application]\nname = "n"\nversion = "1"\ndescription = "d"\nauthors = ["A", "B"]\n[trigger]',
  );
  const prefix = "org.opencontainers.image";

  test("come from the manifest, the repository and, where it is set, SOURCE_DATE_EPOCH", () => {
    expect(
      annotationsOf(application, {
        repositoryUrl: "https://github.com/o/r",
        sourceDateEpoch: 0,
        explicit: {},
      }),
    ).toEqual({
      [`${prefix}.authors`]: "A, B",
      [`${prefix}.created`]: "1970-01-01T00:00:00+00:00",
      [`${prefix}.description`]: "d",
      [`${prefix}.source`]: "https://github.com/o/r",
      [`${prefix}.title`]: "n",
      [`${prefix}.version`]: "1",
    });
  });

  test("are omitted where they are empty", () => {
    const empty = read('spin_manifest_version = 2\n[application]\nname = ""\n[trigger]');
    expect(annotationsOf(empty, { explicit: {} })).toEqual({});
  });

  test("have the version of a release tag, unless the user sets another", () => {
    const version = `${prefix}.version`;
    const released = { releasedVersion: "0.2.0", explicit: {} };
    expect(annotationsOf(application, released)).toMatchObject({ [version]: "0.2.0" });
    const explicit = { [version]: "mine" };
    expect(annotationsOf(application, { ...released, explicit })).toMatchObject(explicit);
  });

  test("can be overridden by the user", () => {
    const explicit = { [`${prefix}.title`]: "mine", "com.example.x": "y" };
    expect(annotationsOf(application, { explicit })).toMatchObject(explicit);
  });

  test("are written in Unicode's NFC, sorted, with control characters escaped", async () => {
    const folder = await site();
    const explicit = { "z\u0301": "cafe\u0301\n\u0001", a: '"\\' };
    const { artifact } = await built(folder, { request: { annotations: { explicit } } });
    const text = Buffer.from(artifact.root.bytes).toString();
    expect(text).toMatch(
      /^\{"annotations":\{"a":"\\"\\\\","org\.opencontainers\.image\.title":"site","ź":"café\\n\\u0001"\},"config":/,
    );
  });
});
