import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createFetch } from "@spin-publisher/http";
import { type Digest, digestOf } from "@spin-publisher/oci";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { type Content, readContent } from "../src/files/content.ts";
import { namingManifest } from "../src/manifest/error.ts";
import { createModuleCache, spinCacheFolder } from "../src/sources/cache.ts";
import { resolveSource } from "../src/sources/resolve.ts";
import { sourcesContext } from "./contexts.ts";
import { project } from "./project.ts";
import { read, withComponent } from "./reading.ts";
import { component, coreModule } from "./wasm.ts";

/** A module that is too long to be carried inline. */
const module = Buffer.concat([coreModule, Buffer.alloc(1000, 1)]);
const digest = digestOf(module);

let downloads: string[] = [];
let answers: Readonly<Record<string, { readonly status?: number; readonly body?: Uint8Array | string }>> = {};
const server = createServer((request, response) => {
  const path = request.url ?? "";
  downloads.push(path);
  const { status = 200, body = "" } = answers[path] ?? { status: 404 };
  response.writeHead(status).end(body);
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));
beforeEach(() => {
  downloads = [];
  answers = { "/web.wasm": { body: module }, "/text": { body: "hello" }, "/small": { body: component } };
});

interface Circumstances {
  readonly folder?: string;
  readonly boundary?: string;
  readonly cache?: string;
  readonly inRegistry?: ReadonlyMap<Digest, number>;
}

async function resolve(source: string, where: Circumstances = {}): Promise<Content> {
  const folder = where.folder ?? (await project());
  const [web] = read(withComponent("", source)).components;
  if (web === undefined) throw new Error("no component");
  return namingManifest("spin.toml", () =>
    resolveSource(web, {
      fetch: createFetch({ retry: { attempts: 1 } }),
      cache: createModuleCache(where.cache ?? join(folder, "cache")),
      sizeInRegistry: async (digest) => where.inRegistry?.get(digest),
      ...sourcesContext(folder),
      boundaries: [where.boundary ?? folder],
    }),
  );
}

const pinned = (path: string, to: string = digest) => `{ url = "${origin}${path}", digest = "${to}" }`;

describe("a module beside the manifest", () => {
  test.each([
    ["a component", component],
    ["a core module", module],
  ])("is published as it is: %s", async (_name, bytes) => {
    const folder = await project({ "build/web.wasm": bytes });
    const content = await resolve('"build/web.wasm"', { folder });
    expect(content).toMatchObject({ digest: digestOf(bytes), size: bytes.length });
    expect(await readContent(content)).toEqual(bytes);
  });

  test.each([
    ["missing", {}, "does not exist; build the component first"],
    ["a folder", { "web.wasm/x": "" }, "cannot be read"],
    ["text", { "web.wasm": "hello" }, "is not a WebAssembly module or component"],
    ["empty", { "web.wasm": "" }, "is empty"],
    [
      "a Git LFS pointer",
      { "web.wasm": `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 9\n` },
      'is a Git LFS pointer and not the file itself; set "lfs: true" for actions/checkout',
    ],
    ["cut off", { "web.wasm": module.subarray(0, 7) }, "is a WebAssembly binary of an unknown version"],
    [
      "of a future version",
      { "web.wasm": Buffer.from("0061736d02000000", "hex") },
      "is a WebAssembly binary of an unknown version",
    ],
    [
      "WebAssembly text",
      { "web.wasm": "\n (component)" },
      "is WebAssembly text, which Spin does not run; convert it",
    ],
  ])("is refused when it is %s", async (_name, files, reason) => {
    await expect(resolve('"web.wasm"', { folder: await project(files) })).rejects.toThrow(
      `spin.toml:8: component "web" cannot be published: its source "web.wasm" ${reason}`,
    );
  });

  test("can be above the manifest, as in a Cargo workspace, if it is in the checkout", async () => {
    const boundary = await project({ "target/web.wasm": module, "site/spin.toml": "" });
    const folder = join(boundary, "site");
    expect((await resolve('"../target/web.wasm"', { folder, boundary })).digest).toBe(digest);
    expect(
      (await resolve(JSON.stringify(join(boundary, "target/web.wasm")), { folder, boundary })).digest,
    ).toBe(digest);
    await expect(resolve('"../target/web.wasm"', { folder })).rejects.toThrow("is outside the workspace");
  });

  testNeeding("symbolic links")("is refused behind a link out of the checkout", async () => {
    const outside = await project({ "web.wasm": module });
    const folder = await project();
    await symlink(outside, join(folder, "target"));
    await expect(resolve('"target/web.wasm"', { folder })).rejects.toThrow(
      'its source "target/web.wasm" is outside the workspace; copy it into the checkout.',
    );
  });
});

describe("a module that is pinned by URL and digest", () => {
  test("is downloaded, verified and kept in Spin's own cache", async () => {
    const cache = await project();
    const content = await resolve(pinned("/web.wasm"), { cache });
    expect(await readContent(content)).toEqual(module);
    expect(await readFile(join(cache, "wasm", digest))).toEqual(module);
    expect(await readdir(join(cache, "wasm"))).toEqual([digest]);

    await resolve(pinned("/web.wasm"), { cache });
    expect(downloads).toEqual(["/web.wasm"]);
  });

  test("is downloaded again when the cache has other content under its name", async () => {
    const cache = await project();
    await mkdir(join(cache, "wasm"));
    await writeFile(join(cache, "wasm", digest), "a truncated download of an older Spin");
    expect(await readContent(await resolve(pinned("/web.wasm"), { cache }))).toEqual(module);
    expect(await readFile(join(cache, "wasm", digest))).toEqual(module);
  });

  test("is not downloaded where the registry has it", async () => {
    const content = await resolve(pinned("/web.wasm"), { inRegistry: new Map([[digest, module.length]]) });
    expect(content).toMatchObject({ digest, size: module.length });
    expect(downloads).toEqual([]);

    expect(await readContent(content)).toEqual(module);
    expect(downloads).toEqual(["/web.wasm"]);
  });

  test("is checked against the size that the registry reports", async () => {
    const content = await resolve(pinned("/web.wasm"), { inRegistry: new Map([[digest, 4711]]) });
    await expect(readContent(content)).rejects.toThrow("has 1008 bytes, but the registry says that");
  });

  test.each([
    ["delivers something else", "/text?sig=SECRET", digest, "/text delivers sha256:"],
    ["delivers what is no WebAssembly", "/text?sig=SECRET", digestOf("hello"), "/text is not a WebAssembly"],
    ["does not exist", "/missing?sig=SECRET", digest, "/missing does not exist"],
  ])("that %s is named without its query, which may sign it", async (_name, path, pin, message) => {
    answers = { "/text?sig=SECRET": { body: "hello" } };
    const error = await resolve(pinned(path, pin)).catch((error: unknown) => error);
    expect(inspect(error)).toContain(message);
    expect(inspect(error)).not.toContain("SECRET");
  });

  test("is downloaded even so if it is small enough to be carried inline", async () => {
    const small = digestOf(component);
    const content = await resolve(pinned("/small", small), {
      inRegistry: new Map([[small, component.length]]),
    });
    expect(content.inline).toEqual(component);
    expect(downloads).toEqual(["/small"]);
  });

  test.each([
    [
      "delivers something else",
      () => pinned("/text"),
      `is pinned to ${digest}, but ${"ORIGIN"}/text delivers ${digestOf("hello")}; update the digest`,
    ],
    [
      "delivers what is no WebAssembly",
      () => pinned("/text", digestOf("hello")),
      "ORIGIN/text is not a WebAssembly module or component",
    ],
    ["does not exist", () => pinned("/missing"), "/missing does not exist (404). Correct the URL."],
    [
      "is not on the web",
      () => `{ url = "file:///etc/passwd", digest = "${digest}" }`,
      '"file:///etc/passwd" is not an HTTP address',
    ],
    [
      "is no address",
      () => `{ url = "web.wasm", digest = "${digest}" }`,
      '"web.wasm" is not an HTTP address',
    ],
  ])("is refused when the address %s", async (_name, source, message) => {
    await expect(resolve(source())).rejects.toThrow(message.replace("ORIGIN", origin));
  });

  test("is refused when the server fails, and nothing is kept", async () => {
    answers = { "/web.wasm": { status: 500 } };
    const cache = await project();
    await expect(resolve(pinned("/web.wasm"), { cache })).rejects.toThrow(
      'component "web" cannot be published',
    );
    expect(await readdir(join(cache, "wasm"))).toEqual([]);
  });
});

describe("Spin's own cache of modules", () => {
  test.each([
    ["linux", { XDG_CACHE_HOME: "/cache" }, /^\/cache\/spin\/registry$/],
    ["linux", { XDG_CACHE_HOME: "relative" }, /\/\.cache\/spin\/registry$/],
    ["linux", {}, /\/\.cache\/spin\/registry$/],
    ["darwin", { XDG_CACHE_HOME: "/cache" }, /\/Library\/Caches\/spin\/registry$/],
  ] as const)("is on %s with %j at %s", (platform, env, expected) => {
    expect(spinCacheFolder(env, platform)).toMatch(expected);
  });

  test("has no colons in its file names on Windows", async () => {
    const folder = await project();
    const cache = createModuleCache(folder, "win32");
    await cache.keep(digest, (path) => writeFile(path, module));
    expect(await readdir(join(folder, "wasm"))).toEqual([digest.replace(":", "_")]);
    expect((await cache.find(digest))?.size).toBe(module.length);
  });
});
