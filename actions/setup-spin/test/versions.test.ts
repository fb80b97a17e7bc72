import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, jest } from "@jest/globals";
import { hung, rateLimited } from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { api, closeRunners, failureOf, startRunner } from "./runner.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000);
afterEach(closeRunners);

const list = "api.github.com /repos/spinframework/spin/releases";
const download = (tag: string, name: string) =>
  `github.com /spinframework/spin/releases/download/${tag}/${name}`;
const downloads = (tag: string) => [
  download(tag, `checksums-${tag}.txt`),
  "storage",
  download(tag, `spin-${tag}-linux-amd64.tar.gz`),
  "storage",
];
const here = { pretend: { platform: "linux", arch: "x64", glibc: "2.39" } };
const amd64 = { RUNNER_ARCH: "X64", RUNNER_OS: "Linux" };

describe("the bundle", () => {
  test("installs the latest release, and the next step finds it on PATH", async () => {
    const runner = await startRunner();
    const run = await runner.run({}, { ...here, env: amd64 });
    const folder = join(runner.toolCache, "spin", "4.0.2", "x64");
    expect(run).toMatchObject({
      exitCode: 0,
      outputs: {
        version: "4.0.2",
        arch: "amd64",
        path: join(folder, "spin"),
        "cache-hit": "false",
        source: "version: latest, GitHub API",
      },
      paths: [folder],
      env: {},
    });
    expect(run.log).toContain("Spin 4.0.2 (version: latest, GitHub API)\n");
    expect(run.summary).toMatch(
      /^Spin 4\.0\.2 for linux\/amd64 \(version: latest, GitHub API\): SHA-256 matches .*\n$/,
    );
    expect(runner.requests()).toEqual([list, ...downloads("v4.0.2")]);
    const [path = ""] = run.paths;
    expect(
      execFileSync("spin", ["--version"], { env: { PATH: `${path}:/usr/bin:/bin` }, encoding: "utf8" }),
    ).toContain("spin 4.0.2");
  });

  test("sends its token to GitHub's API only", async () => {
    const runner = await startRunner();
    await runner.run({ token: "ghp_mine" });
    expect(runner.upstream.requests.map(({ host, authorization }) => [host, authorization])).toEqual([
      ["api.github.com", "token ghp_mine"],
      ["github.com", undefined],
      ["release-assets.githubusercontent.com", undefined],
      ["github.com", undefined],
      ["release-assets.githubusercontent.com", undefined],
    ]);
  });

  test("does not send the token of an Enterprise Server to github.com", async () => {
    const runner = await startRunner();
    const run = await runner.run({}, { serverUrl: "https://github.example.com" });
    expect(run.outputs.version).toBe("4.0.2");
    expect(runner.upstream.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test.each(["3.4.1", "v3.4.1"])("installs %s without asking the API", async (version) => {
    const runner = await startRunner();
    const run = await runner.run({ version }, { ...here, env: amd64 });
    expect(run.outputs).toMatchObject({ version: "3.4.1", source: `version: ${version}` });
    expect(runner.requests()).toEqual(downloads("v3.4.1"));
  });

  test.each([
    ["^3.4", "3.6.3"],
    [">=4.1.0-rc.0", "4.1.0-rc.1"],
    ["4.1.0-rc.1", "4.1.0-rc.1"],
  ])("installs for %s the version %s", async (version, expected) => {
    const runner = await startRunner();
    expect((await runner.run({ version })).outputs.version).toBe(expected);
  });

  test.each([
    ["403", rateLimited({ resetAt: 4_000_000_000 }), "its rate limit is used up until 07:06 UTC"],
    ["429", rateLimited({ status: 429, retryAfter: 3600 }), "429: too many requests"],
  ])("finds the latest release without the API when that answers %s", async (_status, answer, because) => {
    const runner = await startRunner(api(answer));
    const run = await runner.run();
    expect(run.outputs.version).toBe("4.0.2");
    expect(run.outputs.source).toContain(
      `version: latest, releases/latest because https://api.github.com answered`,
    );
    expect(run.outputs.source).toContain(because);
    expect(runner.requests().slice(0, 2)).toEqual([list, "github.com /spinframework/spin/releases/latest"]);
  });

  test("does not wait for an API that never answers", async () => {
    const runner = await startRunner({
      answer: ({ host }, usual) => (host === "api.github.com" ? hung(usual) : usual),
    });
    const run = await runner.run({}, { pretend: { faster: 100 } });
    expect(run.outputs).toMatchObject({
      version: "4.0.2",
      source: expect.stringContaining("does not answer"),
    });
  });

  test("takes everything from a mirror, without sending it the token", async () => {
    const runner = await startRunner();
    const run = await runner.run({ mirror: runner.upstream.origin, token: "ghp_mine" }, { mirrors: "" });
    expect(run.outputs.version).toBe("4.0.2");
    expect(runner.upstream.requests.map(({ host, authorization }) => [host, authorization])).toEqual(
      runner.upstream.requests.map(() => ["mirror", undefined]),
    );
  });

  test.each([
    ["latest", "did not answer with a list of Spin's releases. Check the mirror or proxy"],
    ["^4.0", "did not answer with a list of Spin's releases. Check the mirror or proxy"],
    [
      "4.0.2",
      "checksums-v4.0.2.txt answered with a web page instead of a checksums file. Check the mirror or proxy",
    ],
  ])("refuses a mirror that answers %s with a web page", async (version, message) => {
    const page = { status: 200, headers: { "content-type": "text/html" }, body: "<!DOCTYPE html><p>Sign in" };
    const runner = await startRunner({ answer: () => page });
    const run = await runner.run({ version, mirror: runner.upstream.origin }, { mirrors: "" });
    expect(failureOf(run)).toContain(message);
    expect(await runner.installed()).toEqual([]);
  });

  test("says what to check where a mirror does not have the version", async () => {
    const runner = await startRunner({ answer: () => ({ status: 404 }) });
    const run = await runner.run({ version: "4.0.2", mirror: runner.upstream.origin }, { mirrors: "" });
    expect(failureOf(run)).toContain("does not exist. Check that the mirror has this version");
  });

  test("lists what exists when the version does not", async () => {
    const runner = await startRunner();
    expect(failureOf(await runner.run({ version: "9.9.9" }))).toMatch(
      /^There is no Spin 9\.9\.9 \(https:.* does not exist\); the newest releases are 4\.1\.0-rc\.1, 4\.0\.2, /,
    );
    expect(failureOf(await runner.run({ version: "^9" }))).toContain(
      "the newest releases are 4.1.0-rc.1, 4.0.2,",
    );
    expect(await runner.installed()).toEqual([]);
  });

  test("says what to do when GitHub refuses to answer", async () => {
    const runner = await startRunner({ answer: () => rateLimited({ resetAt: 4_000_000_000 }) });
    expect(failureOf(await runner.run({ token: "" }))).toContain(
      "Set an exact version, or a token, which raises the rate limit.",
    );
  });

  test.each([
    [{ version: "newest" }, 'version: "newest" is not a version of Spin. Use latest'],
    [{ version: "canary" }, "Spin's canary build changes with every commit"],
    [{ arch: "riscv64" }, 'Spin is released for amd64 and arm64, but the architecture is "riscv64"'],
    [{ cache: "maybe" }, 'Input "cache" must be one of auto, true, false, but it is "maybe"'],
    [{ mirror: "mirror.example" }, "A mirror must be a base URL such as https://mirror.example/github"],
    [
      { plugins: "a b" },
      'Input "plugins" must list entries such as js2wasm or js2wasm@0.7.0, but one of them is "a b"',
    ],
    [{ "version-file": ".spin-version" }, 'The version file ".spin-version" does not exist'],
  ])("refuses %j in one sentence, before any request", async (inputs, message) => {
    const runner = await startRunner();
    expect(failureOf(await runner.run(inputs))).toContain(message);
    expect(runner.requests()).toEqual([]);
  });
});

test("a mirror with credentials is refused, and they are not repeated", async () => {
  const runner = await startRunner();
  const failure = failureOf(await runner.run({ mirror: "http://u:SECRET@mirror.example" }));
  expect(failure).toContain("without credentials, query or fragment");
  expect(failure).not.toContain("SECRET");
  expect(runner.requests()).toEqual([]);
});

describe("a version file", () => {
  test("decides where the workflow sets no version", async () => {
    const runner = await startRunner();
    await runner.write(".tool-versions", "nodejs 24.0.0\nspin 3.5.1\n");
    const run = await runner.run({ "version-file": ".tool-versions" });
    expect(run.outputs).toMatchObject({ version: "3.5.1", source: ".tool-versions: 3.5.1" });
    expect(run.annotations.filter(({ level }) => level === "warning")).toEqual([]);
  });

  test("gives way to a version in the workflow, with a warning", async () => {
    const runner = await startRunner();
    await runner.write(".tool-versions", "spin 3.5.1\n");
    const run = await runner.run({ version: "3.4.1", "version-file": ".tool-versions" });
    expect(run.outputs.version).toBe("3.4.1");
    expect(run.annotations).toContainEqual({
      level: "warning",
      message:
        "Both version (3.4.1) and version-file (.tool-versions) are set; 3.4.1 is installed. Remove one of them.",
    });
  });
});
