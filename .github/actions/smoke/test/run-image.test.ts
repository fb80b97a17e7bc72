import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { checkImage, requireHealthy } from "../src/run-image.ts";

const test = testNeeding("shebang scripts");

const image = `ghcr.io/octo/site:0.1.2@sha256:${"0".repeat(64)}`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smoke-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/**
 * Puts a program called docker on PATH that serves pages where a container would, and writes down its command lines.
 * How real Docker takes these command lines is checked by hand, with dockerd (docs/reliability.md).
 */
async function withDocker(server: string) {
  const log = join(folder, "log");
  await writeFile(
    join(folder, "docker"),
    `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { spawn } = require("node:child_process");
const args = process.argv.slice(2);
const state = ${JSON.stringify(folder)};
appendFileSync(${JSON.stringify(log)}, JSON.stringify(args) + "\\n");
if (args[0] === "run") {
  const mounted = args[args.indexOf("--volume") + 1].split(":")[0];
  const modes = [join(mounted, ".."), mounted, join(mounted, "config.json")].map((path) => (statSync(path).mode & 0o777).toString(8));
  writeFileSync(state + "/modes", modes.join(" "));
  appendFileSync(${JSON.stringify(log)}, readFileSync(process.env.DOCKER_CONFIG + "/config.json", "utf8") + "\\n");
  const child = spawn(process.execPath, ["-e", ${JSON.stringify(server)}], { detached: true, stdio: "ignore", env: { STATE: state } });
  child.unref();
  writeFileSync(state + "/pid", String(child.pid));
  console.log("c0ffee");
} else if (args[0] === "port") {
  const wait = setInterval(() => {
    if (!existsSync(state + "/port")) return;
    clearInterval(wait);
    if (readFileSync(state + "/port", "utf8") === "none") process.exit(1);
    console.log("127.0.0.1:" + readFileSync(state + "/port", "utf8"));
  }, 10);
} else if (args[0] === "wait") {
  const pid = Number(readFileSync(state + "/pid", "utf8"));
  const wait = setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      clearInterval(wait);
      console.log("1");
    }
  }, 10);
} else if (args[0] === "inspect") console.log("0.1.2");
else if (args[0] === "logs") console.error("no such content");
else if (args[0] === "rm") {
  try {
    process.kill(Number(readFileSync(state + "/pid", "utf8")));
  } catch {}
}
`,
  );
  await chmod(join(folder, "docker"), 0o755);
  const check = await checkImage(image, { PATH: folder, REGISTRY_TOKEN: "ghs_x", GITHUB_ACTOR: "mona" });
  // Waiting for the end goes on beside everything else.
  const lines = (await readFile(log, "utf8"))
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith('["wait"'));
  return { check, lines };
}

const serverOf = (statusOfHealth: number) => `
const server = require("node:http").createServer((request, response) => {
  response.statusCode = request.url === "/" ? 200 : ${statusOfHealth};
  response.end("<title>Home</title>");
}).listen(0, "127.0.0.1", () => require("node:fs").writeFileSync(process.env.STATE + "/port", String(server.address().port)));
`;

test("the shim runs as in the chart, by its digest, and is removed afterwards", async () => {
  const { check, lines } = await withDocker(serverOf(200));
  expect(check.page).toEqual({ status: 200, body: "<title>Home</title>" });
  expect(check.health.status).toBe(200);
  expect(check.version).toBe("0.1.2");
  const run = JSON.parse(lines[0] ?? "[]");
  expect(run.at(-1)).toBe(`ghcr.io/octo/site@sha256:${"0".repeat(64)}`);
  expect(run).toEqual(expect.arrayContaining(["--read-only", "--cap-drop", "ALL", "no-new-privileges"]));
  expect(JSON.parse(lines[1] ?? "{}")).toEqual({
    auths: { "ghcr.io": { auth: Buffer.from("mona:ghs_x").toString("base64") } },
  });
  expect(JSON.parse(lines.at(-1) ?? "[]")).toEqual(["rm", "--force", "c0ffee"]);
  expect(() => requireHealthy(check, image, "0.1.2")).not.toThrow();
  expect(() => requireHealthy(check, image, "")).not.toThrow();
});

test("another version and a failing health path are errors", async () => {
  const { check } = await withDocker(serverOf(503));
  expect(() => requireHealthy(check, image, "0.1.2")).toThrow("answered 503");
  expect(() => requireHealthy({ ...check, health: check.page }, image, "0.1.3")).toThrow(
    'says that it is version "0.1.2", but "0.1.3" was published',
  );
});

test("the container's own user can read the credentials, and no other user of the machine", async () => {
  const umask = process.umask(0o077);
  try {
    await withDocker(serverOf(200));
  } finally {
    process.umask(umask);
  }
  expect(await readFile(join(folder, "modes"), "utf8")).toBe("700 755 644");
});

test("a container that ends at once is an error with its log", async () => {
  await expect(
    withDocker('require("node:fs").writeFileSync(process.env.STATE + "/port", "none")'),
  ).rejects.toThrow(/The container of ghcr\.io\S+ ended with exit code 1 \(asked for \/\):\nno such content/);
});
