import { spawn } from "node:child_process";
import type { Credential } from "./credential.ts";

/** Runs a program without a shell, with `input` on its standard input. */
export type RunHelper = (
  program: string,
  input: string,
) => Promise<{ readonly exitCode: number; readonly output: string }>;

/**
 * Asks `docker-credential-<name> get` for a server's credential (docker/docker-credential-helpers: the server on
 * standard input, JSON on standard output, a user name `<token>` marks an identity token).
 *
 * Anonymous where the helper has none. @throws Error when it fails; what it printed is never shown.
 */
export async function askCredentialHelper(name: string, server: string, run: RunHelper): Promise<Credential> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    throw new Error(
      `Docker's configuration names a credential helper "${name}", which is not a program's name.`,
    );
  }
  const program = `docker-credential-${name}`;
  const { exitCode, output } = await run(program, server).catch((cause: unknown) => {
    throw new Error(
      `${program}, which Docker's configuration names for ${server}, cannot be run; install it, or log in without it.`,
      { cause },
    );
  });
  if (exitCode !== 0) {
    if (/credentials not found/i.test(output)) return { kind: "anonymous" };
    throw new Error(`${program} failed for ${server} with exit code ${exitCode}; log in to ${server} again.`);
  }
  const answer = parse(output, program);
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== "string" || typeof secret !== "string") {
    throw new Error(`${program} answered for ${server} without a user name and a secret.`);
  }
  if (username === "<token>") return { kind: "identity-token", token: secret };
  return username === "" && secret === ""
    ? { kind: "anonymous" }
    : { kind: "basic", username, password: secret };
}

function parse(output: string, program: string): { readonly Username?: unknown; readonly Secret?: unknown } {
  try {
    const answer: unknown = JSON.parse(output);
    return typeof answer === "object" && answer !== null ? answer : {};
  } catch {
    throw new Error(`${program} answered with something that is not JSON.`);
  }
}

/** A helper that asks for more than this, or takes longer, waits for somebody who is not there. */
const limits = { output: 64 << 10, milliseconds: 30_000 };

export const runHelper: RunHelper = (program, input) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      stdio: ["pipe", "pipe", "ignore"],
      env: process.env,
      // Not `timeout`: its timer keeps the process alive when the program cannot be started at all.
      signal: AbortSignal.timeout(limits.milliseconds),
      killSignal: "SIGKILL",
    });
    const chunks: Buffer[] = [];
    let size = 0;
    child.on("error", reject);
    child.stdin.on("error", () => {}); // a helper may answer without reading; its exit code tells
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limits.output) child.kill("SIGKILL");
      else chunks.push(chunk);
    });
    child.on("close", (code) =>
      resolve({ exitCode: code ?? -1, output: Buffer.concat(chunks).toString("utf8") }),
    );
    child.stdin.end(input);
  });
