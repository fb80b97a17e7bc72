import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, jest } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { closeRunners, failureOf, startRunner } from "./runner.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000);
afterEach(closeRunners);

const exact = { version: "4.0.2" };

describe("bindir", () => {
  test("gets Spin in place of the one that is there, and comes on PATH", async () => {
    const runner = await startRunner();
    const folder = join(runner.workspace, "tools", "bin");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "spin"), "#!/bin/sh\necho 'spin 1.0.0 (left by an earlier job)'\n");
    await chmod(join(folder, "spin"), 0o755);
    const run = await runner.run({ ...exact, bindir: "tools/bin" });
    expect(run).toMatchObject({ paths: [folder], outputs: { path: join(folder, "spin") } });
    expect(execFileSync(join(folder, "spin"), ["--version"], { encoding: "utf8" })).toContain("spin 4.0.2");
    expect(await readdir(folder)).toEqual(["spin"]);
  });

  test("below ~/ is in the home of the job", async () => {
    const runner = await startRunner();
    const run = await runner.run({ ...exact, bindir: "~/.local/bin" });
    expect(run.outputs.path).toMatch(/\/home\/\.local\/bin\/spin$/);
    expect((await stat(run.outputs.path ?? "")).mode & 0o777).toBe(0o755);
  });

  test("that is not a folder is an error that says so", async () => {
    const runner = await startRunner();
    await runner.write("tools", "a file\n");
    expect(failureOf(await runner.run({ ...exact, bindir: "tools/bin" }))).toMatch(
      /^Cannot put Spin into ".*tools\/bin": it is not a folder\. Set the input "bindir" to a folder/,
    );
  });
});

describe("plugins", () => {
  const spin = () => readFile(join(import.meta.dirname, "fixtures", "spin-with-plugins.sh"));

  test("are installed by the installed Spin, and reported", async () => {
    const runner = await startRunner({ spin });
    const run = await runner.run({ ...exact, plugins: "js2wasm, cloud@0.10.0" });
    expect(run.log).toContain("  plugin js2wasm 0.7.0\n  plugin cloud 0.10.0\n");
    expect(run.summary).toContain(", plugin js2wasm 0.7.0, plugin cloud 0.10.0");
  });

  test("that cannot be installed fail the step with what Spin said", async () => {
    const runner = await startRunner({ spin });
    expect(failureOf(await runner.run({ ...exact, plugins: "unknown" }))).toBe(
      "Cannot install the plugin unknown: Error: Plugin 'unknown' not found",
    );
  });

  test("that Spin lists without their program are installed again", async () => {
    const runner = await startRunner({ spin });
    await runner.run({ ...exact, plugins: "js2wasm@0.7.0" });
    const program = join(runner.toolCache, "../home/.local/share/spin/plugins/js2wasm/js2wasm");
    await rm(program);
    const run = await runner.run({ ...exact, plugins: "js2wasm@0.7.0" });
    expect(run.log).toContain("  plugin js2wasm 0.7.0\n");
    expect((await stat(program)).size).toBeGreaterThan(0);
  });

  test("that Spin installs without their program are a failure", async () => {
    const runner = await startRunner({ spin });
    expect(failureOf(await runner.run({ ...exact, plugins: "hollow" }))).toBe(
      "Spin installed the plugin hollow without its program. Choose another version of the plugin.",
    );
  });

  test.each([
    ["HOME cannot hold them", { HOME: "/proc/home" }],
    ["XDG_DATA_HOME cannot hold them", { XDG_DATA_HOME: "/proc/data" }],
  ])("go to RUNNER_TEMP where %s, and later steps find them", async (_name, env) => {
    const runner = await startRunner({ spin });
    const run = await runner.run({ ...exact, plugins: "js2wasm" }, { env });
    const folder = join(runner.toolCache, "../_temp/spin-data");
    expect(run).toMatchObject({ exitCode: 0, env: { SPIN_DATA_DIR: folder } });
    expect(run.log).toContain(`plugins go to "${folder}" (SPIN_DATA_DIR)\n  plugin js2wasm 0.7.0\n`);
    expect(run.log).not.toMatch(/\bE[A-Z]{4,}\b/);
    const { outputs, env: later } = run;
    const list = execFileSync(outputs.path ?? "", ["plugins", "list", "--installed"], {
      env: { PATH: process.env.PATH, ...env, ...later },
      encoding: "utf8",
    });
    expect(list).toBe("js2wasm 0.7.0 [installed]\n");
  });

  test("stay where SPIN_DATA_DIR says", async () => {
    const runner = await startRunner({ spin });
    const SPIN_DATA_DIR = join(runner.workspace, "data");
    const run = await runner.run({ ...exact, plugins: "js2wasm" }, { env: { SPIN_DATA_DIR } });
    expect(run.env).toEqual({});
    expect(await readdir(join(SPIN_DATA_DIR, "plugins"))).toEqual(["js2wasm", "manifests"]);
  });

  test("are refused for a Spin that does not start on the runner, before anything is downloaded", async () => {
    const runner = await startRunner({ spin });
    const run = await runner.run(
      { ...exact, plugins: "js2wasm", arch: "arm64" },
      { pretend: { platform: "linux", arch: "x64" } },
    );
    expect(failureOf(run)).toContain("Spin for linux/arm64 does not start on this runner");
    expect(runner.requests()).toEqual([]);
  });
});

describe("a run", () => {
  test("sets no environment variable", async () => {
    const runner = await startRunner();
    const run = await runner.run(exact);
    expect(run.env).toEqual({});
    expect(Object.keys(run.outputs).sort()).toEqual(["arch", "cache-hit", "path", "source", "version"]);
  });

  test("may be repeated with another version, and back", async () => {
    const runner = await startRunner();
    for (const version of ["4.0.2", "3.6.3", "4.0.2"]) {
      const run = await runner.run({ version });
      expect(execFileSync(run.outputs.path ?? "", ["--version"], { encoding: "utf8" })).toContain(
        `spin ${version}`,
      );
    }
  });

  test("works without a summary file, and on a runner other than GitHub's", async () => {
    const runner = await startRunner();
    const run = await runner.run(exact, { env: { GITHUB_STEP_SUMMARY: "", RUNNER_ENVIRONMENT: "" } });
    expect(run.exitCode).toBe(0);
  });
});

test("a proxy is used for everything outside this machine", async () => {
  const runner = await startRunner();
  const target = new URL(runner.upstream.origin);
  const seen: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/");
    seen.push(url.host);
    const relayed = request(
      new URL(url.pathname + url.search, target),
      { headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    relayed.end();
  });
  proxy.on("connect", (incoming, socket) => {
    seen.push(incoming.url ?? "");
    const upstream = connect(Number(target.port), target.hostname, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
  try {
    const { port } = proxy.address() as AddressInfo;
    const run = await runner.run(
      { mirror: "http://spin-mirror.test" },
      { mirrors: "", env: { http_proxy: `http://127.0.0.1:${port}` } },
    );
    expect(run.outputs.version).toBe("4.0.2");
    expect(new Set(seen.map((host) => host.replace(/:80$/, "")))).toEqual(new Set(["spin-mirror.test"]));
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});
