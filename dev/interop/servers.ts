import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tool } from "./tool.ts";

/** A registry on loopback, empty at the start. */
export interface Server {
  readonly name: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly origin: string;
  close(): Promise<void>;
}

/** CNCF Distribution as Debian packages it, with defaults except for its address and storage. */
export function startDistribution(tool: Tool): Promise<Server> {
  return start(tool, ["serve"], (folder, port) => [
    "version: 0.1",
    "log: { level: error }",
    `storage: { filesystem: { rootdirectory: ${JSON.stringify(join(folder, "content"))} } }`,
    `http: { addr: "127.0.0.1:${port}" }`,
    "",
  ]);
}

export function startZot(tool: Tool): Promise<Server> {
  return start(tool, ["serve"], (folder, port) => [
    JSON.stringify({
      storage: { rootDirectory: join(folder, "content") },
      http: { address: "127.0.0.1", port: String(port) },
      log: { level: "error" },
    }),
  ]);
}

/** How long a server may take to answer its first request. */
const patienceMilliseconds = 30_000;

async function start(
  tool: Tool,
  args: readonly string[],
  configuration: (folder: string, port: number) => readonly string[],
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "interop-server-"));
  const port = await freePort();
  const file = join(folder, "config.json"); // Distribution reads JSON as YAML
  await writeFile(file, configuration(folder, port).join("\n"));
  const child = spawn(tool.path, [...args, file], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  let ended = false;
  const closed = new Promise<void>((done) => {
    child.once("close", () => {
      ended = true;
      done();
    });
    child.once("error", () => {
      ended = true;
      done();
    });
  });
  const close = async () => {
    child.kill();
    await closed;
    await rm(folder, { recursive: true, force: true });
  };
  const host = `127.0.0.1:${port}`;
  const origin = `http://${host}`;
  const deadline = Date.now() + patienceMilliseconds;
  for (;;) {
    if (await answers(`${origin}/v2/`)) return { name: tool.name, host, origin, close };
    if (!ended && Date.now() < deadline) {
      await sleep(100);
      continue;
    }
    await close();
    throw new Error(`${tool.name} does not answer on ${origin}: ${said.trim().slice(-1000)}`);
  }
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer().once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
