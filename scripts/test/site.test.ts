import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect } from "@jest/globals";
import { startUpstream, type UpstreamOptions } from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { serveSite } from "../site.ts";
import { withStandInPins } from "../stand-in-pins.ts";

const test = testNeeding("shebang scripts");
const repository = join(import.meta.dirname, "../..");

/** Says its version, and otherwise records how it was called and where its modules are. */
const recordingSpin = `#!${process.execPath}
const [command, ...args] = process.argv.slice(2);
if (command === "--version") console.log("spin 4.0.2 (0a1b2c3 2026-06-23)");
else {
  const { readdirSync, writeFileSync } = require("node:fs");
  const modules = readdirSync(process.env.MODULES);
  writeFileSync(process.env.RECORD, JSON.stringify({ command, args, modules }));
  if (process.env.WAIT) setInterval(() => {}, 1000);
}
`;

let folder: string;
let root: string;
let lines: string[];
beforeEach(async () => {
  lines = [];
  folder = await mkdtemp(join(tmpdir(), "site-test-"));
  root = join(folder, "checkout");
  await mkdir(root);
  await cp(join(repository, "site"), join(root, "site"), { recursive: true });
  await symlink(join(repository, "actions"), join(root, "actions"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs `use` with an upstream whose modules the copied site pins. */
async function withUpstream(
  options: UpstreamOptions,
  use: (env: NodeJS.ProcessEnv, requests: () => number) => Promise<void>,
): Promise<void> {
  const upstream = await startUpstream(options);
  try {
    const manifest = join(root, "site", "spin.toml");
    const { text } = withStandInPins(await readFile(manifest, "utf8"), await upstream.moduleDigests());
    await writeFile(manifest, text);
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      MODULES: join(folder, "cache", "wasm"),
      RECORD: join(folder, "record"),
      ORIGIN_MIRRORS: upstream.mirrors,
    };
    await use(env, () => upstream.requests.length);
  } finally {
    await upstream.close();
  }
}
const serve = (env: NodeJS.ProcessEnv, signal?: AbortSignal) =>
  serveSite({
    ...{ root, state: join(folder, "state"), env, tell: (line: string) => lines.push(line) },
    cache: join(folder, "cache"),
    ...(signal === undefined ? {} : { signal }),
  });
const recorded = async () => JSON.parse(await readFile(join(folder, "record"), "utf8"));
const spin = { spin: async () => Buffer.from(recordingSpin) };

describe("make site", () => {
  test("installs Spin and the modules once, and watches the site", () =>
    withUpstream(spin, async (env, requests) => {
      expect(await serve(env)).toBe(0);
      const { command, args, modules } = await recorded();
      expect([command, ...args]).toEqual([
        ...["watch", "--from", join(root, "site", "spin.toml"), "--listen", "127.0.0.1:3000"],
        ...["--env", "BASE_URL=http://localhost:3000"],
      ]);
      expect(modules.filter((name: string) => name.startsWith("sha256:"))).toHaveLength(2);
      expect(lines.at(-1)).toBe(
        "Serving the site on http://localhost:3000. Edit site/ and reload the page; stop with Ctrl-C.",
      );
      const before = requests();
      expect(await serve({ ...env, SITE_PORT: "3001" })).toBe(0);
      expect(requests()).toBe(before);
      expect((await recorded()).args.slice(-3)).toEqual([
        ...["127.0.0.1:3001", "--env", "BASE_URL=http://localhost:3001"],
      ]);
    }));

  test("uses the Spin that SPIN names", () =>
    withUpstream({}, async (env) => {
      const own = join(folder, "own-spin");
      await writeFile(own, recordingSpin, { mode: 0o755 });
      expect(await serve({ ...env, SPIN: own })).toBe(0);
      expect((await recorded()).command).toBe("watch");
      expect(lines.join()).not.toContain("spin-v");
    }));

  test("stops Spin when it is stopped", () =>
    withUpstream(spin, async (env) => {
      const stopped = new AbortController();
      const served = serve({ ...env, WAIT: "1" }, stopped.signal);
      for (;;) {
        if (await recorded().catch(() => undefined)) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      stopped.abort();
      expect(await served).toBe(0);
    }));

  test("passes on the exit code of a Spin that cannot run a site, such as the stand-in", () =>
    withUpstream({}, async (env) => {
      expect(await serve(env)).toBe(1);
    }));

  test("prints no secret", () =>
    withUpstream(spin, async (env) => {
      await serve({ ...env, GITHUB_TOKEN: "ghp_secret" });
      expect(lines.join("\n")).not.toContain("ghp_secret");
    }));
});

describe("make site says what it needs", () => {
  test("without a network and without Spin", () =>
    withUpstream({}, async (env) => {
      const unreachable = "https://github.com=http://127.0.0.1:1 https://api.github.com=http://127.0.0.1:1";
      await expect(serve({ ...env, ORIGIN_MIRRORS: unreachable })).rejects.toThrow(
        /^Spin could not be installed:\n {2}.*(?:github\.com)[\s\S]*make site SPIN=\/path\/to\/spin/,
      );
    }));

  test("with a Spin, but without the modules", () =>
    withUpstream({}, async (env) => {
      const own = join(folder, "own-spin");
      await writeFile(own, recordingSpin, { mode: 0o755 });
      const mirrors = "https://github.com=http://127.0.0.1:1";
      await expect(serve({ ...env, SPIN: own, ORIGIN_MIRRORS: mirrors })).rejects.toThrow(
        /^A module of the site is not available: [\s\S]*HTTPS_PROXY, with a mirror ORIGIN_MIRRORS/,
      );
    }));

  test("with a SPIN that does not exist", () =>
    withUpstream({}, async (env) => {
      await expect(serve({ ...env, SPIN: "/nowhere/spin" })).rejects.toThrow(
        '"/nowhere/spin" cannot be started: spawn /nowhere/spin ENOENT',
      );
    }));
});
