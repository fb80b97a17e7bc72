import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { ContextValue } from "./expression.ts";

/** The runner machine: its folders, and how it describes itself to every process. */
export interface Machine {
  readonly home: string;
  /** `RUNNER_TEMP` */
  readonly temp: string;
  /** `RUNNER_TOOL_CACHE` */
  readonly toolCache: string;
  readonly os: "Linux" | "macOS" | "Windows";
  readonly arch: "X64" | "ARM64";
  readonly path: string;
  readonly debug: boolean;
}

/** Makes the folders of a runner below `root`; what an earlier run left (a tool cache) stays. */
export async function createMachine(root: string, options: Partial<Machine> = {}): Promise<Machine> {
  const machine: Machine = {
    home: join(root, "home"),
    temp: join(root, "_temp"),
    toolCache: join(root, "_tool"),
    os: process.platform === "darwin" ? "macOS" : process.platform === "win32" ? "Windows" : "Linux",
    arch: process.arch === "arm64" ? "ARM64" : "X64",
    path: hostPath(process.env.PATH ?? ""),
    debug: false,
    ...options,
  };
  for (const folder of [machine.home, machine.temp, machine.toolCache])
    await mkdir(folder, { recursive: true });
  return machine;
}

/**
 * The only variable taken from the host, without what package managers put in front of it: a `helm` among
 * the development dependencies is not a `helm` on the runner.
 */
function hostPath(path: string): string {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "" && !folder.includes("node_modules"))
    .join(delimiter);
}

/** Writes the webhook document of the event where `GITHUB_EVENT_PATH` is to point, and returns that path. */
export async function writeEventFile(machine: Machine, payload: ContextValue): Promise<string> {
  const folder = join(machine.temp, "_github_workflow");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "event.json"), JSON.stringify(payload, undefined, 2));
  return join(folder, "event.json");
}

/** The environment of every process on the machine, before anything the job adds. */
export function machineVariables(machine: Machine): Record<string, string> {
  return {
    PATH: machine.path,
    HOME: machine.home,
    USER: "runner",
    LANG: "C.UTF-8",
    XDG_CONFIG_HOME: join(machine.home, ".config"),
    CI: "true",
    GITHUB_ACTIONS: "true",
    RUNNER_TEMP: machine.temp,
    RUNNER_TOOL_CACHE: machine.toolCache,
    RUNNER_OS: machine.os,
    RUNNER_ARCH: machine.arch,
    RUNNER_NAME: "sandbox",
    RUNNER_ENVIRONMENT: "github-hosted",
    RUNNER_WORKSPACE: machine.temp,
    ...(machine.debug ? { RUNNER_DEBUG: "1" } : {}),
  };
}

/** The `runner` context. */
export function runnerContext(machine: Machine): { readonly [key: string]: ContextValue } {
  return {
    os: machine.os,
    arch: machine.arch,
    name: "sandbox",
    environment: "github-hosted",
    temp: machine.temp,
    tool_cache: machine.toolCache,
    workspace: machine.temp,
    ...(machine.debug ? { debug: "1" } : {}),
  };
}
