import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, jest } from "@jest/globals";
import {
  type CacheFault,
  type CacheService,
  pushBranch,
  pushTag,
  startCacheService,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { type CacheCircumstances, cachePolicy } from "../src/tool/cache-policy.ts";
import { closeRunners, startRunner } from "./runner.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000);
const services: CacheService[] = [];
afterEach(async () => {
  await closeRunners();
  for (const service of services.splice(0)) await service.close();
});

async function cacheService(...options: Parameters<typeof startCacheService>): Promise<CacheService> {
  const service = await startCacheService(...options);
  services.push(service);
  return service;
}

const exact = { version: "4.0.2" };
const downloaded = (requests: readonly string[]) => requests.some((request) => request.endsWith(".tar.gz"));
const methods = ({ requests }: CacheService) =>
  requests.map((request) => request.replace(/\/twirp\/.*\/|\/account\/.*/, "").replace("POST ", ""));

describe("the tool cache", () => {
  test("has an exact version in the second run, which makes no request", async () => {
    const runner = await startRunner();
    await runner.run(exact);
    runner.requests();
    const run = await runner.run(exact);
    expect(run.outputs).toMatchObject({ version: "4.0.2", "cache-hit": "true", source: "version: 4.0.2" });
    expect(run.log).toContain("  found in the tool cache for linux/");
    expect(run.paths).toHaveLength(1);
    expect(runner.requests()).toEqual([]);
  });

  test("is used for the latest release after one request for its version", async () => {
    const runner = await startRunner();
    await runner.run();
    runner.requests();
    expect((await runner.run()).outputs["cache-hit"]).toBe("true");
    expect(runner.requests()).toEqual(["api.github.com /repos/spinframework/spin/releases"]);
  });

  test("satisfies a range without a request, unless check-latest is set", async () => {
    const runner = await startRunner();
    await runner.run({ version: "3.4.1" });
    runner.requests();
    const met = await runner.run({ version: "^3.4" });
    expect(met.outputs).toMatchObject({
      version: "3.4.1",
      "cache-hit": "true",
      source: "version: ^3.4, tool cache",
    });
    expect(runner.requests()).toEqual([]);
    const newest = await runner.run({ version: "^3.4", "check-latest": "true" });
    expect(newest.outputs).toMatchObject({ version: "3.6.3", "cache-hit": "false" });
  });

  test.each([
    ["lost its binary", (folder: string) => rm(join(folder, "spin"))],
    ["has an empty binary", (folder: string) => writeFile(join(folder, "spin"), "")],
    ["was never completed", (folder: string) => rm(`${folder}.complete`)],
  ])("is filled again where it %s", async (_name, damage) => {
    const runner = await startRunner();
    const [folder = ""] = (await runner.run(exact)).paths;
    await damage(folder);
    const run = await runner.run(exact);
    expect(run.outputs).toMatchObject({ version: "4.0.2", "cache-hit": "false" });
    expect((await runner.run(exact)).outputs["cache-hit"]).toBe("true");
  });
});

describe("the Actions cache", () => {
  test("keeps the archive for the next job, which verifies it again", async () => {
    const runner = await startRunner();
    const cache = await cacheService();
    const first = await runner.run(exact, { env: cache.env });
    expect(first.outputs["cache-hit"]).toBe("false");
    expect(first.post?.exitCode).toBe(0);
    expect([...cache.entries.values()].map(({ key }) => key)).toEqual([
      expect.stringMatching(/^setup-spin-v1-spin-v4\.0\.2-linux-(amd64|aarch64)-[0-9a-f]{64}$/),
    ]);

    await runner.replace();
    runner.requests();
    const second = await runner.run(exact, { env: cache.env });
    expect(second.outputs["cache-hit"]).toBe("true");
    expect(second.log).toMatch(
      / {2}restored spin-v4\.0\.2-linux-.*\n {2}SHA-256 matches the release's checksums file;/,
    );
    expect(downloaded(runner.requests())).toBe(false);
    expect(methods(cache)).toEqual([
      "GetCacheEntryDownloadURL",
      "CreateCacheEntry",
      "PUT ",
      "FinalizeCacheEntryUpload",
      "GetCacheEntryDownloadURL",
      "GET ",
    ]);
  });

  test("is not used when the tool cache has the version", async () => {
    const runner = await startRunner();
    const cache = await cacheService();
    await runner.run(exact);
    const run = await runner.run(exact, { env: cache.env });
    expect(run.outputs["cache-hit"]).toBe("true");
    expect(cache.requests).toEqual([]);
  });

  test("with something other than the release in it is ignored with a warning", async () => {
    const cache = await cacheService();
    // What somebody put under the key of the true archive is a whole archive, with another binary in it.
    const evil = await startRunner({
      spin: async () => Buffer.from("#!/bin/sh\necho 'spin 4.0.2 (evil)'\n"),
    });
    await evil.run(exact, { env: cache.env });
    const [poison] = cache.entries.values();
    cache.entries.clear();
    const runner = await startRunner();
    await runner.run(exact, { env: cache.env });
    for (const [place, entry] of cache.entries)
      cache.entries.set(place, { ...entry, bytes: poison?.bytes ?? Buffer.of() });

    await runner.replace();
    const run = await runner.run(exact, { env: cache.env });
    expect(run.exitCode).toBe(0);
    expect(run.outputs["cache-hit"]).toBe("false");
    expect(run.annotations.filter(({ level }) => level === "warning")).toEqual([
      {
        level: "warning",
        message: expect.stringMatching(
          /^The entry setup-spin-v1-.* in the Actions cache is not the released archive, so it was downloaded/,
        ),
      },
    ]);
    const { readFile } = await import("node:fs/promises");
    expect(await readFile(run.outputs.path ?? "", "utf8")).not.toContain("evil");
  });

  test.each(["read", "none"] as const)("that may only be used for %s does no harm", async (mode) => {
    const runner = await startRunner();
    const cache = await cacheService({ mode });
    const run = await runner.run(exact, { env: cache.env });
    expect([run.exitCode, run.post?.exitCode]).toEqual([0, 0]);
    expect(run.annotations.filter(({ level }) => level !== "notice")).toEqual([]);
    expect(methods(cache)).toEqual(mode === "read" ? ["GetCacheEntryDownloadURL"] : []);
  });

  test.each(["read", "write-only"] as const)(
    "that turns out to be for %s only does no harm",
    async (mode) => {
      const runner = await startRunner();
      const cache = await cacheService({ mode, announcesMode: false });
      const run = await runner.run(exact, { env: cache.env });
      expect([run.exitCode, run.post?.exitCode]).toEqual([0, 0]);
      expect(run.outputs["cache-hit"]).toBe("false");
    },
  );

  test("that is down does no harm", async () => {
    const runner = await startRunner();
    const cache = await cacheService();
    await cache.close();
    const run = await runner.run(exact, { env: cache.env, pretend: { faster: 1000 } });
    expect([run.exitCode, run.post?.exitCode]).toEqual([0, 0]);
    expect(run.outputs["cache-hit"]).toBe("false");
  });

  test("that the job has no token for does no harm", async () => {
    const runner = await startRunner();
    const cache = await cacheService();
    const run = await runner.run(exact, { env: { ...cache.env, ACTIONS_RUNTIME_TOKEN: "" } });
    expect([run.exitCode, run.post?.exitCode]).toEqual([0, 0]);
    expect(run.post?.annotations).toEqual([
      { level: "warning", message: expect.stringMatching(/^Spin was not saved to the Actions cache: /) },
    ]);
  });

  test("is not used in a job that may publish a release, and the log says why", async () => {
    const runner = await startRunner();
    const cache = await cacheService();
    const run = await runner.run(exact, { env: cache.env, event: pushTag("0.1.2") });
    expect(run.log).toContain("  Actions cache not used: this job may publish a release\n");
    expect(cache.requests).toEqual([]);
  });

  test("is used there with cache: true, and nowhere with cache: false", async () => {
    const runner = await startRunner();
    const cache = await cacheService();
    await runner.run({ ...exact, cache: "false" }, { env: cache.env, event: pushBranch("main") });
    expect(cache.requests).toEqual([]);
    await runner.replace();
    await runner.run({ ...exact, cache: "true" }, { env: cache.env, event: pushTag("0.1.2") });
    expect(cache.entries.size).toBe(1);
  });
});

describe("an Actions cache that is out of order", () => {
  const gaveUp = "it had no result within 8 s, so the job goes on without it";
  // Fast enough for a test, slow enough for the client to be loaded and to try more than once.
  const pretend = { faster: 10 };

  test.each<[string, CacheFault]>([
    ["never answers", { answer: "silence" }],
    ["answers 500", { answer: 500 }],
    ["never delivers an entry", { answer: "silence", to: /^GET / }],
  ])("because it %s is given up, and nothing is saved", async (_name, fault) => {
    const runner = await startRunner();
    const sound = await cacheService();
    await runner.run(exact, { env: sound.env });
    const broken = await cacheService({ fault });
    for (const [place, entry] of sound.entries) broken.entries.set(place, entry);

    await runner.replace();
    const run = await runner.run(exact, { env: broken.env, pretend });
    expect(run).toMatchObject({
      exitCode: 0,
      outputs: { "cache-hit": "false", source: "version: 4.0.2", version: "4.0.2" },
      post: { exitCode: 0, annotations: [] },
    });
    expect(run.annotations).toContainEqual({
      level: "warning",
      message: `The Actions cache could not be read: ${gaveUp}`,
    });
    expect(run.summary).toContain("SHA-256 matches the release's checksums file");
    expect(methods(broken)).not.toContain("CreateCacheEntry");
  });

  test("because it does not deliver an entry is left, and Spin is downloaded", async () => {
    const runner = await startRunner();
    const sound = await cacheService();
    await runner.run(exact, { env: sound.env });
    const broken = await cacheService({ fault: { answer: 500, to: /^GET / } });
    for (const [place, entry] of sound.entries) broken.entries.set(place, entry);
    await runner.replace();
    const run = await runner.run(exact, { env: broken.env, pretend });
    expect([run.exitCode, run.post?.exitCode]).toEqual([0, 0]);
    expect(run.outputs["cache-hit"]).toBe("false");
  });

  test.each<[string, CacheFault]>([
    ["never takes an entry", { answer: "silence", to: /CreateCacheEntry/ }],
    ["answers 500 to a new entry", { answer: 500, to: /CreateCacheEntry/ }],
    ["never takes an upload", { answer: "silence", to: /^PUT / }],
    ["never finishes an upload", { answer: "silence", to: /Finalize/ }],
  ])("because it %s is given up with a warning", async (_name, fault) => {
    const runner = await startRunner();
    const cache = await cacheService({ fault });
    const run = await runner.run(exact, { env: cache.env, pretend });
    expect([run.exitCode, run.post?.exitCode]).toEqual([0, 0]);
    expect(run.post?.annotations).toContainEqual({
      level: "warning",
      message: `Spin was not saved to the Actions cache: ${gaveUp}`,
    });
  });

  test("costs ten seconds at most by the real clock", async () => {
    const runner = await startRunner();
    const cache = await cacheService({ fault: { answer: "silence" } });
    const start = performance.now();
    const run = await runner.run(exact, { env: cache.env });
    expect(run.exitCode).toBe(0);
    expect(cache.requests).toHaveLength(1);
    // 8 s for the cache; the rest is for a slow machine to start two processes and install Spin.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe("the policy", () => {
  const branch: CacheCircumstances = {
    input: "auto",
    event: "push",
    ref: "refs/heads/main",
    environment: "github-hosted",
    mode: "",
    available: true,
  };

  test.each<[Partial<CacheCircumstances>, boolean, boolean]>([
    [{}, true, true],
    [{ event: "pull_request", ref: "refs/pull/7/merge" }, true, true],
    [{ ref: "refs/tags/0.1.2" }, false, false],
    [{ event: "release", ref: "refs/tags/0.1.2" }, false, false],
    [{ event: "pull_request_target" }, false, false],
    [{ event: "workflow_run" }, false, false],
    [{ environment: "self-hosted" }, false, false],
    [{ available: false }, false, false],
    [{ input: "true", ref: "refs/tags/0.1.2" }, true, true],
    [{ input: "true", environment: "self-hosted" }, true, true],
    [{ input: "true", available: false }, false, false],
    [{ input: "false" }, false, false],
    [{ mode: "read" }, true, false],
    [{ mode: "write" }, true, true],
    [{ mode: "write-only" }, false, true],
    [{ mode: "none" }, false, false],
    [{ mode: "something newer" }, true, true],
  ])("for %j is restore: %s, save: %s", (circumstances, restore, save) => {
    const policy = cachePolicy({ ...branch, ...circumstances });
    expect(policy).toMatchObject({ restore, save });
    expect(policy.because === undefined).toBe(restore || save);
  });
});
