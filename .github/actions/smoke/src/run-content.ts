import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, firstAnswer } from "./front-page.ts";
import { dockerConfig, reachable } from "./reachable.ts";

/**
 * Starts Spin, waits for the front page, and stops Spin again.
 *
 * @returns status and body of the first answer.
 * @throws Error with the output of Spin when it ends early or does not answer in time.
 */
export async function fetchFrontPage(
  content: string,
  env: NodeJS.ProcessEnv,
): Promise<Answer & { readonly seconds: number }> {
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free.");
  return address.port;
}
