// Runs the content named by CONTENT from its registry, with the `spin` on PATH, and fetches its front page.
// REGISTRY_TOKEN, if set, authenticates to the registry. Node is all it needs: workflows run it without installing packages.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A reference that Spin can reach: Spin does not support mirrors, but can use plain HTTP for a registry on loopback. */
export interface Reachable {
  readonly reference: string;
  readonly registry: string;
  readonly plainHttp: boolean;
}

/**
 * Where Spin finds a published artifact: the registry itself, or the mirror that `ORIGIN_MIRRORS` sets for it.
 *
 * @throws Error when the mirror has a path, which a reference cannot contain.
 */
export function reachable(content: string, mirrors: string): Reachable {
  const [registry = ""] = content.split("/");
  const pair = mirrors.split(/[\s,]+/).find((candidate) => candidate.startsWith(`https://${registry}=`));
  if (pair === undefined) return { reference: content, registry, plainHttp: false };
  const mirror = new URL(pair.slice(pair.indexOf("=") + 1));
  if (mirror.pathname !== "/") throw new Error(`Spin cannot reach ${registry} below the path of ${mirror}.`);
  return {
    reference: mirror.host + content.slice(registry.length),
    registry: mirror.host,
    plainHttp: mirror.protocol === "http:",
  };
}

/** How long the first start may take: Spin fetches the content and compiles its modules. */
const patienceMilliseconds = 120_000;

/**
 * Starts Spin, waits for the front page, and stops Spin again.
 *
 * @returns status and body of the first answer.
 * @throws Error with the output of Spin when it ends early or does not answer in time.
 */
export async function fetchFrontPage(
  content: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ readonly status: number; readonly body: string; readonly seconds: number }> {
  const { reference, registry, plainHttp } = reachable(content, env.ORIGIN_MIRRORS ?? "");
  const home = await mkdtemp(join(tmpdir(), "verify-"));
  try {
    await writeFile(join(home, "config.json"), JSON.stringify(dockerConfig(registry, env)), { mode: 0o600 });
    const address = `127.0.0.1:${await freePort()}`;
    const insecure = plainHttp ? ["--insecure"] : [];
    const args = ["up", "--from-registry", reference, ...insecure, "--listen", address];
    const started = performance.now();
    const spin = spawn("spin", args, {
      env: { ...env, DOCKER_CONFIG: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [spin.stdout, spin.stderr]) stream.on("data", (chunk) => (said += chunk));
    const ended = new Promise<string>((resolve) => {
      spin.once("error", (error) => resolve(`cannot be started: ${error.message}`));
      spin.once("close", (code) => resolve(`ended with exit code ${code}`));
    });
    const stopped = new AbortController();
    try {
      const answer = await Promise.race([firstAnswer(`http://${address}/`, stopped.signal), ended]);
      if (typeof answer === "string") throw new Error(`spin ${args.join(" ")} ${answer}:\n${said}`);
      return { ...answer, seconds: (performance.now() - started) / 1000 };
    } finally {
      stopped.abort();
      spin.kill();
      await ended;
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function dockerConfig(registry: string, env: NodeJS.ProcessEnv) {
  const { REGISTRY_TOKEN: token = "", GITHUB_ACTOR: actor = "token" } = env;
  if (token === "") return { auths: {} };
  return { auths: { [registry]: { auth: Buffer.from(`${actor}:${token}`).toString("base64") } } };
}

async function firstAnswer(
  url: string,
  stopped: AbortSignal,
): Promise<{ readonly status: number; readonly body: string } | string> {
  const deadline = performance.now() + patienceMilliseconds;
  while (!stopped.aborted && performance.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.any([stopped, AbortSignal.timeout(10_000)]) });
      return { status: response.status, body: await response.text() };
    } catch {
      await sleep(200); // it is not listening yet
    }
  }
  return `did not answer within ${patienceMilliseconds / 1000} seconds`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free.");
  return address.port;
}

async function main(): Promise<void> {
  const content = process.env.CONTENT ?? "";
  if (content === "") throw new Error("CONTENT must be set to the reference of the content.");
  const { status, body, seconds } = await fetchFrontPage(content);
  if (status !== 200) throw new Error(`The front page answered ${status}:\n${body.slice(0, 2000)}`);
  const [, title = "no title"] = /<title>([^<]*)<\/title>/i.exec(body) ?? [];
  console.log(
    `${content} answers / with 200, "${title.trim()}", ${body.length} characters, ${seconds.toFixed(1)} s after spin up.`,
  );
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`::error::${error instanceof Error ? error.message.replaceAll("\n", "%0A") : error}`);
    process.exitCode = 1;
  }
}
