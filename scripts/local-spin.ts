// A verified Spin in .sandbox, installed by the action setup-spin as it is released.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface LocalSpin {
  /** The checkout, with the action's bundle. */
  readonly root: string;
  /** Keeps Spin for the next time. */
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;
  readonly tell: (line: string) => void;
}

/**
 * Installs Spin, or finds the one that an earlier call installed, without a request.
 *
 * @returns its path.
 * @throws Error with what setup-spin says, and with the way to use another Spin.
 */
export async function installSpin({ root, state, env, tell }: LocalSpin): Promise<string> {
  const folder = join(state, "spin");
  await mkdir(folder, { recursive: true });
  const files = await mkdtemp(join(folder, "job-"));
  try {
    const variables = await jobVariables(files);
    const { exitCode, errors } = await runAction(join(root, "actions/setup-spin/dist/index.js"), tell, {
      ...env,
      ...variables,
      GITHUB_WORKSPACE: folder,
      RUNNER_TEMP: files,
      RUNNER_TOOL_CACHE: join(folder, "versions"),
      // A range is met by an installed version, so that the second time needs no network.
      INPUT_VERSION: env.SPIN_VERSION || ">=3.0.0",
      "INPUT_CHECK-LATEST": "false",
      INPUT_TOKEN: env.GITHUB_TOKEN ?? "",
      INPUT_CACHE: "false",
      INPUT_BINDIR: "bin",
    });
    const binary = ["spin", "spin.exe"].map((name) => join(folder, "bin", name)).find(existsSync);
    if (exitCode === 0 && binary !== undefined) return binary;
    throw new Error(
      [
        "Spin could not be installed:",
        ...errors.map((message) => `  ${message}`),
        "To use a Spin that is already installed: make site SPIN=/path/to/spin",
        "To choose a version: make site SPIN_VERSION=4.0.2",
      ].join("\n"),
    );
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}

/** The files through which an action talks to its runner. */
async function jobVariables(folder: string): Promise<NodeJS.ProcessEnv> {
  const names = ["GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"];
  const paths = names.map((name) => [name, join(folder, name.toLowerCase())] as const);
  for (const [, path] of paths) await writeFile(path, "");
  return Object.fromEntries(paths);
}

/** Runs an action's bundle; its log goes to `tell`, its errors are returned. */
function runAction(bundle: string, tell: (line: string) => void, env: NodeJS.ProcessEnv) {
  const errors: string[] = [];
  return new Promise<{ readonly exitCode: number; readonly errors: readonly string[] }>((resolve, reject) => {
    const child = spawn(process.execPath, [bundle], { env, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const lines = text.split(/\r?\n/);
      text = lines.pop() ?? "";
      for (const line of lines) {
        const [, level, message] = /^::(error|warning|notice)[^:]*::(.*)$/.exec(line) ?? [];
        if (level === "error") errors.push(unescaped(message ?? ""));
        else if (level !== undefined) tell(unescaped(message ?? ""));
        else if (!line.startsWith("::")) tell(line); // other commands are for the runner, and can hold secrets
      }
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ exitCode: code ?? 1, errors }));
  });
}

/** As the toolkit escapes the data of a command. */
function unescaped(data: string): string {
  return data.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}
