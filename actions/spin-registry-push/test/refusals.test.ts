import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  type ActionProcess,
  type RegistryServer,
  runActionProcess,
  startRegistry,
  startUpstream,
  type Upstream,
} from "@spin-publisher/sandbox";
import { describeNeeding, testNeeding } from "@spin-publisher/sandbox/testing";
import { project } from "./project.ts";
import { withComponent } from "./reading.ts";
import type { Tree } from "./tree.ts";
import { bindingsBy, component, moduleOf, processedBy } from "./wasm.ts";

const action = join(import.meta.dirname, "..");

let registry: RegistryServer;
let upstream: Upstream;
beforeAll(async () => {
  [registry, upstream] = await Promise.all([startRegistry(), startUpstream()]);
});
afterAll(() => Promise.all([registry.close(), upstream.close()]));

function push(
  workspace: string,
  inputs: Readonly<Record<string, string>> = {},
  options: Partial<ActionProcess> = {},
) {
  registry.clearRequests();
  return runActionProcess({
    action,
    workspace,
    mirrors: `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`,
    inputs,
    ...options,
  });
}

const writes = () => registry.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");

/** Checks a red run: one sentence, beside its line, and nothing written. */
async function expectRefusal(folder: string, line: number, sentence: string) {
  const { exitCode, annotations } = await push(folder);
  expect({ exitCode, annotations }).toMatchObject({
    exitCode: 1,
    annotations: [{ level: "error", message: `spin.toml:${line}: ${sentence}.`, file: "spin.toml", line }],
  });
  expect(writes()).toEqual([]);
}

const site = (manifest: string, more: Tree = {}) =>
  project({ "spin.toml": withComponent(manifest), "web.wasm": component, "content/a.md": "a", ...more });

describeNeeding("the sandbox's runner")("a module that Spin refuses to load", () => {
  const wasi = "wasi_snapshot_preview1.fd_write";
  const whole = moduleOf({ imports: [wasi], exports: ["_start"] });

  test.each<readonly [string, Buffer, string]>([
    [
      "is truncated",
      whole.subarray(0, -3),
      "is truncated: the section at byte 81 needs more bytes than the file has; build or fetch it again",
    ],
    [
      "has random bytes after its header",
      Buffer.concat([whole.subarray(0, 8), Buffer.from("random bytes")]),
      "is damaged: there is no section type 114 (at byte 8); build or fetch it again",
    ],
    [
      "is a truncated component",
      Buffer.concat([component, Buffer.from([0, 40, 1])]),
      "is truncated: the section at byte 8 needs more bytes than the file has; build or fetch it again",
    ],
    [
      "has an import that nothing provides",
      moduleOf({ imports: [wasi, "env.foo"] }),
      'imports "env.foo", which Spin does not provide; build it for Spin, with WASI preview 1 or as a component',
    ],
    [
      "is a command of an old clang",
      moduleOf({ imports: [wasi], exports: ["_start"], custom: [processedBy({ clang: "14.0.4" })] }),
      "was compiled by clang 14.0.4, whose library corrupts memory, so Spin refuses it (spinframework/spin#2552); rebuild it with wasi-sdk 19 or newer",
    ],
    [
      "has bindings that cannot be adapted",
      moduleOf({ custom: [bindingsBy({ "wit-bindgen-rust": "0.4.0" })] }),
      "was made with wit-bindgen 0.4.0, which Spin cannot adapt; rebuild it with a current SDK",
    ],
    [
      "is a Git LFS pointer",
      Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 9\n`),
      'is a Git LFS pointer and not the file itself; set "lfs: true" for actions/checkout',
    ],
  ])("is not published when it %s", async (_name, bytes, reason) => {
    const folder = await site("", { "web.wasm": bytes });
    await expectRefusal(folder, 8, `component "web" cannot be published: its source "web.wasm" ${reason}`);
  });
});

describeNeeding("the sandbox's runner")("a trigger", () => {
  test("cannot name a component that does not exist", async () => {
    const manifest = withComponent("").replace('component = "web"', 'component = "wep"');
    const folder = await project({ "spin.toml": manifest, "web.wasm": component });
    await expectRefusal(
      folder,
      6,
      'the trigger "wep-http-trigger" names the component "wep", which does not exist; the components are "web"',
    );
  });

  test.each([
    [2, "spin_manifest_version = 2", "[trigger]", "[[trigger.http]]"],
    [1, 'spin_version = "1"', 'trigger = { type = "http" }', "[[component]]"],
  ])("is required, in version %d", async (_version, version, rest, missing) => {
    const head = version.includes("2") ? '[application]\nname = "x"' : 'name = "x"';
    const folder = await project({ "spin.toml": `${version}\n${head}\n${rest}\n` });
    await expectRefusal(
      folder,
      1,
      `the application has no trigger, so Spin would not start it; add a ${missing}`,
    );
  });

  test("cannot have an unknown field", async () => {
    const manifest = withComponent("").replace("route =", "rout =");
    const folder = await project({ "spin.toml": manifest, "web.wasm": component });
    await expectRefusal(
      folder,
      5,
      'trigger.http[0] has an unknown field "rout"; the known fields are id, components, dependencies, component, route, executor, static_response',
    );
  });
});

const files = (reason: string) => `in the files of component "web", ${reason}`;
const unlessAllowed = 'or set "allow-empty-files: true" if that is right';

describeNeeding("the sandbox's runner")("an entry of files that matches nothing", () => {
  test.each([
    [
      "is misspelt",
      '["contnet/**/*"]',
      '"contnet/**/*" matches nothing: the folder "contnet" does not exist; correct it',
    ],
    [
      "is misspelt beside another",
      '["content/*", "static/**/*"]',
      '"static/**/*" matches nothing: the folder "static" does not exist; correct it',
    ],
    [
      "can match folders only",
      '["content/**"]',
      '"content/**" matches nothing: it matches folders and never a file; write "content/**/*"',
    ],
  ])("fails the run where it %s", async (_name, entries, reason) => {
    await expectRefusal(await site(`files = ${entries}`), 9, files(`${reason}, ${unlessAllowed}`));
  });

  test("fails the run where it is a folder that nothing is in", async () => {
    const folder = await site('files = [{ source = "docs", destination = "/" }]');
    await mkdir(join(folder, "docs"));
    const advice = 'add its files (for a submodule, set "submodules: true" for actions/checkout)';
    const reason = `"docs" matches nothing: the folder "docs" is empty; ${advice}, ${unlessAllowed}`;
    await expectRefusal(folder, 9, files(reason));
  });

  test("fails the run where a build has to create it, and says how", async () => {
    const entry =
      'files = [{ source = "web/dist", destination = "/" }]\n[component.web.build]\ncommand = "make"';
    const reason = 'the source "web/dist" does not exist; run the build first, or set "build: true"';
    await expectRefusal(await site(entry), 9, files(reason));
  });

  test("is a warning beside others, and can be allowed", async () => {
    const warning = (reason: string) => ({
      level: "warning",
      message: `spin.toml:9: ${files(reason)}.`,
      file: "spin.toml",
      line: 9,
    });
    const one = await push(await site('files = ["content/*", "content/*.html"]'), { tag: "5" });
    expect(one).toMatchObject({
      exitCode: 0,
      annotations: [warning('"content/*.html" matches nothing: no file has such a name; correct it')],
    });
    const none = await push(await site('files = ["static/*"]'), { tag: "6", "allow-empty-files": "true" });
    expect(none).toMatchObject({
      exitCode: 0,
      annotations: [warning('"static/*" matches nothing: the folder "static" does not exist; correct it')],
    });
  });

  test("is a warning in exclude_files", async () => {
    const folder = await site('files = ["content/*"]\nexclude_files = ["**/node_modules"]');
    const { exitCode, annotations } = await push(folder, { tag: "7" });
    const message =
      'spin.toml:10: "**/node_modules" in exclude_files of component "web" excludes nothing; write "**/node_modules/**" to exclude everything in that folder.';
    expect({ exitCode, annotations }).toMatchObject({
      exitCode: 0,
      annotations: [{ level: "warning", message }],
    });
  });
});

describeNeeding("the sandbox's runner")("something that cannot be published", () => {
  const entry = 'files = ["content/**/*"]';
  const refused = (path: string, what: string) => files(`"content/${path}" is ${what}; exclude or remove it`);

  testNeeding("a file system that keeps bytes")("fails the run: a name that is not UTF-8", async () => {
    const folder = await site(entry);
    await writeFile(Buffer.from(`${folder}/content/caf\xe9.md`, "latin1"), "é");
    await expectRefusal(folder, 9, refused("caf\\xe9.md", "not named in UTF-8, so it cannot be published"));
  });

  testNeeding("symbolic links")("fails the run: a dangling link", async () => {
    const folder = await site(entry);
    await symlink("../gone.md", join(folder, "content/b.md"));
    await expectRefusal(folder, 9, refused("b.md", 'a link to "../gone.md", which does not exist'));
  });

  testNeeding("FIFOs")("fails the run: a named pipe", async () => {
    const folder = await site(entry);
    execFileSync("mkfifo", [join(folder, "content/pipe")]);
    await expectRefusal(folder, 9, refused("pipe", "a named pipe, which cannot be published"));
  });

  test("fails the run: a Git LFS pointer, unless it is wanted", async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 9\n`;
    const folder = await site(entry, { "content/b.png": pointer });
    const advice =
      'set "lfs: true" for actions/checkout, or "allow-lfs-pointers: true" to publish the pointer';
    await expectRefusal(folder, 9, `"content/b.png" is a Git LFS pointer and not the file itself; ${advice}`);
    const { exitCode } = await push(folder, { tag: "8", "allow-lfs-pointers": "true" });
    expect(exitCode).toBe(0);
  });
});

describeNeeding("the sandbox's runner")("an application", () => {
  const mapped = 'files = [{ source = "../static", destination = "/" }]';

  test("can map a folder beside it, and nothing outside the checkout", async () => {
    const checkout = await project({
      "app/spin.toml": withComponent(mapped),
      "app/web.wasm": component,
      "static/a.css": "a".repeat(200),
    });
    const published = await push(checkout, { manifest: "app", tag: "9" });
    expect(published.exitCode).toBe(0);
    expect(published.summary).toContain("1 module and 1 file");
    const { exitCode, log } = await push(join(checkout, "app"), { tag: "10" });
    expect({ exitCode, log }).toEqual({
      exitCode: 1,
      log: expect.stringContaining(
        'the source "../static" is outside the checkout, and only what is in it is published; copy it there first',
      ),
    });
    expect(writes()).toEqual([]);
  });

  test("can be generated in RUNNER_TEMP, but not map what is beside it there", async () => {
    const temp = await project({
      "_temp/site/spin.toml": withComponent('files = ["content/*"]'),
      "_temp/site/web.wasm": component,
      "_temp/site/content/a.md": "a",
      "_temp/static/secret": "s",
    });
    const manifest = join(temp, "_temp/site");
    const checkout = await project();
    expect((await push(checkout, { manifest, tag: "11" }, { temp })).exitCode).toBe(0);
    await writeFile(join(manifest, "spin.toml"), withComponent(mapped));
    const { exitCode, log } = await push(checkout, { manifest, tag: "12" }, { temp });
    expect({ exitCode, log }).toEqual({
      exitCode: 1,
      log: expect.stringContaining('the source "../static" is outside the application folder'),
    });
    const elsewhere = await site("");
    const outside = await push(checkout, { manifest: elsewhere, tag: "13" }, { temp: await project() });
    expect(outside.log).toContain("is outside the workspace, or a link leads there");
  });
});
