import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { describePage } from "../src/front-page.ts";
import { reachable } from "../src/reachable.ts";
import { fetchFrontPage } from "../src/run-content.ts";

const test = testNeeding("shebang scripts");

const digest = `sha256:${"0".repeat(64)}`;

describe("Spin is pointed", () => {
  test("at the registry itself", () => {
    expect(
      reachable(`ghcr.io/octo/site/content:0.1.2@${digest}`, "https://github.com=http://127.0.0.1:1"),
    ).toEqual({
      reference: `ghcr.io/octo/site/content:0.1.2@${digest}`,
      registry: "ghcr.io",
      plainHttp: false,
    });
  });

  test.each([
    ["http://127.0.0.1:5000", "127.0.0.1:5000", true],
    ["https://mirror.example.com", "mirror.example.com", false],
  ])("at the mirror %s that stands for it", (mirror, registry, plainHttp) => {
    expect(
      reachable(
        `ghcr.io/octo/site/content@${digest}`,
        `https://github.com=http://x\nhttps://ghcr.io=${mirror}`,
      ),
    ).toEqual({
      reference: `${registry}/octo/site/content@${digest}`,
      registry,
      plainHttp,
    });
  });

  test("not at a mirror with a path, which a reference cannot contain", () => {
    expect(() => reachable("ghcr.io/a/b:1", "https://ghcr.io=https://mirror.example.com/ghcr")).toThrow(
      "cannot name ghcr.io",
    );
  });
});

describe("the front page", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "verify-test-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Puts a program called spin on PATH. */
  async function withSpin(body: string, env: NodeJS.ProcessEnv = {}) {
    await writeFile(join(folder, "spin"), `#!${process.execPath}\n${body}`);
    await chmod(join(folder, "spin"), 0o755);
    return fetchFrontPage("ghcr.io/octo/site/content:1", { PATH: folder, ...env });
  }

  test("is what Spin answers; Spin is stopped afterwards", async () => {
    const pidFile = join(folder, "pid");
    const answer = await withSpin(
      `const fs = require("node:fs");
      fs.writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
      const args = process.argv.slice(2);
      const config = JSON.parse(fs.readFileSync(process.env.DOCKER_CONFIG + "/config.json", "utf8"));
      const [host, port] = args.at(-1).split(":");
      require("node:http").createServer((_, response) => response.end(JSON.stringify({ args, config }))).listen(Number(port), host);`,
      {
        ORIGIN_MIRRORS: "https://ghcr.io=http://127.0.0.1:5000",
        REGISTRY_TOKEN: "ghs_x",
        GITHUB_ACTOR: "mona",
      },
    );
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      args: [
        "up",
        "--from-registry",
        "127.0.0.1:5000/octo/site/content:1",
        "--insecure",
        "--listen",
        expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      ],
      config: { auths: { "127.0.0.1:5000": { auth: Buffer.from("mona:ghs_x").toString("base64") } } },
    });
    const pid = Number(await readFile(pidFile, "utf8"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test("is missing when Spin ends, and the error includes its output", async () => {
    await expect(withSpin('console.error("no such content"); process.exit(3);')).rejects.toThrow(
      /spin up --from-registry ghcr\.io\/octo\/site\/content:1 .* ended with exit code 3:\nno such content/,
    );
  });

  test("is missing where Spin is not installed", async () => {
    await expect(fetchFrontPage("ghcr.io/a/b:1", { PATH: folder })).rejects.toThrow("cannot be started");
  });

  test("has a title that stays on one line of the log, where a line of its own could be a command", () => {
    const body = "<title>Home\r\n::error::no</title>";
    expect(describePage("the page", { status: 200, body })).toBe(
      'the page answers / with 200, "Home ::error::no", 32 characters',
    );
  });
});
