import { isObject, type JsonObject } from "@spin-publisher/json";
import type { Credential } from "./credential.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Runs a program without a shell, with `input` on its standard input. */
export type RunHelper = (
  program: string,
  input: string,
) => Promise<{ readonly exitCode: number; readonly output: string }>;

/**
 * Asks `docker-credential-<name> get` for a server's credential (docker/docker-credential-helpers: the server on
 * standard input, JSON on standard output, the user name `<token>` marks an identity token).
 *
 * @returns anonymous if the helper has none.
 * @throws Error when it fails; its output is never shown.
 */
export async function askCredentialHelper(name: string, server: string, run: RunHelper): Promise<Credential> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    throw new Error(
      `Docker's configuration names the credential helper "${name}", which is not a valid program name.`,
    );
  }
  const program = `docker-credential-${name}`;
  const { exitCode, output } = await run(program, server).catch((cause: unknown) => {
    throw new Error(
      `${program}, the credential helper for ${server} in Docker's configuration, cannot be started. Install it, or log in without it.`,
      { cause },
    );
  });
  if (exitCode !== 0) {
    if (/credentials not found/i.test(output)) return { kind: "anonymous" };
    throw new Error(`${program} failed for ${server} with exit code ${exitCode}. Log in to ${server} again.`);
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

function parse(output: string, program: string): JsonObject {
  try {
    const answer: unknown = JSON.parse(output);
    return isObject(answer) ? answer : {};
  } catch {
    throw new Error(`${program} did not answer with JSON.`);
  }
}

/** A helper that prints more or takes longer is probably waiting for user input. */
const limits = { output: 64 << 10, milliseconds: 30_000 };

/** Runs helpers with these environment variables. */
export const helperRunner =
  (env: Environment): RunHelper =>
  async (program, input) => {
    const { spawn } = await import("node:child_process"); // few runs need it, and it takes long to load
    return new Promise((resolve, reject) => {
      const child = spawn(program, ["get"], {
        stdio: ["pipe", "pipe", "ignore"],
        env: { ...env },
        // Not `timeout`: its timer keeps our process alive if the program cannot be started.
        signal: AbortSignal.timeout(limits.milliseconds),
        killSignal: "SIGKILL",
      });
      const chunks: Buffer[] = [];
      let size = 0;
      child.on("error", reject);
      child.stdin.on("error", () => {}); // a helper may answer without reading; its exit code decides
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
  };
