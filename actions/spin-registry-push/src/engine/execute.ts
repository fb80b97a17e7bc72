import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";

export interface Command {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether what it writes is collected, or goes to the log as it comes. */
  readonly output: "collect" | "log";
}

export interface Ended {
  readonly exitCode: number;
  /** Empty where the output went to the log. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export type Execute = (command: Command) => Promise<Ended>;

/** @throws Error when the program cannot be started. */
export const execute: Execute = ({ file, arguments: args, folder, env, output }) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: folder,
      env,
      stdio: ["ignore", output === "log" ? "inherit" : "pipe", output === "log" ? "inherit" : "pipe"],
    });
    const stdout: Uint8Array[] = [];
    const stderr: Uint8Array[] = [];
    child.stdout?.on("data", (chunk: Uint8Array) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Uint8Array) => stderr.push(chunk));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const text = (chunks: readonly Uint8Array[]) => Buffer.concat(chunks).toString();
      resolve({ exitCode: code ?? (signal === null ? 0 : 128), stdout: text(stdout), stderr: text(stderr) });
    });
  });

/**
 * The environment without what is meant for this action only: its inputs (the registry password among them), the
 * runner's own tokens, and the files that outputs are written to.
 */
export function environmentForOthers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^(?:INPUT_|ACTIONS_|STATE_|GITHUB_(?:OUTPUT|STATE|STEP_SUMMARY|ARTIFACTS)$)/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.test(name)));
}

/** The program of that name in the folders of PATH; undefined where there is none. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    if (folder === "") continue;
    const path = join(folder, file);
    const runnable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runnable) return path;
  }
  return undefined;
}
