import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type ActionProcess,
  type ActionRun,
  type Answer,
  pushBranch,
  runActionProcess,
  startUpstream,
  type Upstream,
  type UpstreamOptions,
  type UpstreamRequest,
} from "@spin-publisher/sandbox";

const action = join(import.meta.dirname, "..");
const pretend = pathToFileURL(join(import.meta.dirname, "fixtures", "pretend.mjs")).href;

/** What the process is to believe about the machine and the clock. */
export interface Pretence {
  readonly platform?: string;
  readonly arch?: string;
  /** Empty: a C library that is not GNU's. */
  readonly glibc?: string;
  /** How many times faster timers go off. */
  readonly faster?: number;
  /** Folders that the system refuses to write to, with which error, and in which calls of node:fs (all by default). */
  readonly refused?: {
    readonly folders: readonly string[];
    readonly code: string;
    readonly calls?: readonly string[];
  };
}

export interface RunOptions extends Partial<Omit<ActionProcess, "action" | "inputs">> {
  readonly pretend?: Pretence;
}

/** A runner with the stand-in GitHub behind it, whose tool cache and temporary folder last from run to run. */
export interface Runner {
  readonly upstream: Upstream;
  readonly workspace: string;
  readonly toolCache: string;
  run(inputs?: Readonly<Record<string, string>>, options?: RunOptions): Promise<ActionRun>;
  /** Requests since the last call, as `host path` with the storage's paths left out. */
  requests(): readonly string[];
  /** What is in the tool cache: `4.0.2/x64`. */
  installed(): Promise<readonly string[]>;
  /** Like a hosted runner, the next job begins without a tool cache and temporary files. */
  replace(): Promise<void>;
  write(path: string, content: string): Promise<void>;
}

const open: (() => Promise<void>)[] = [];

/** For `afterEach`. */
export async function closeRunners(): Promise<void> {
  for (const close of open.splice(0)) await close();
}

export async function startRunner(options: UpstreamOptions = {}): Promise<Runner> {
  if (!existsSync(join(action, "dist", "index.js"))) {
    throw new Error("These tests run the bundle; make it with: node scripts/build.ts setup-spin");
  }
  const upstream = await startUpstream(options);
  const temp = await mkdtemp(join(tmpdir(), "setup-spin-"));
  const workspace = join(temp, "workspace");
  await mkdir(workspace);
  open.push(async () => {
    await upstream.close();
    await rm(temp, { recursive: true, force: true });
  });
  const toolCache = join(temp, "_tool");
  let seen = 0;
  return {
    upstream,
    workspace,
    toolCache,
    run: (inputs = {}, { pretend: pretence, env, ...more } = {}) =>
      runActionProcess({
        action,
        inputs,
        workspace,
        temp,
        mirrors: upstream.mirrors,
        event: pushBranch("main"),
        env:
          pretence === undefined
            ? { ...env }
            : { ...env, NODE_OPTIONS: `--import=${pretend}`, PRETEND: JSON.stringify(pretence) },
        ...more,
      }),
    requests() {
      const fresh = upstream.requests.slice(seen);
      seen = upstream.requests.length;
      return fresh.map(({ host, path }) =>
        host === "release-assets.githubusercontent.com" ? "storage" : `${host} ${path}`,
      );
    },
    async installed() {
      const names = await readdir(join(toolCache, "spin"), { recursive: true }).catch(() => []);
      return names
        .filter((name) => name.endsWith(".complete"))
        .map((name) => name.replace(".complete", ""))
        .sort();
    },
    async replace() {
      for (const folder of ["_tool", "_temp", "home"])
        await rm(join(temp, folder), { recursive: true, force: true });
    },
    async write(path, content) {
      await mkdir(dirname(join(workspace, path)), { recursive: true });
      await writeFile(join(workspace, path), content);
    },
  };
}

/** Answers of the storage that archives come from, changed. */
export function archives(change: (usual: Answer) => Answer): UpstreamOptions {
  return {
    answer: (request, usual) =>
      isDownload(request) && usual.headers?.["content-type"] === "application/gzip" ? change(usual) : usual,
  };
}

function isDownload({ host }: UpstreamRequest): boolean {
  return host === "release-assets.githubusercontent.com";
}

/** Answers of GitHub's API, replaced. */
export function api(answer: Answer): UpstreamOptions {
  return { answer: ({ host }, usual) => (host === "api.github.com" ? answer : usual) };
}

/** The annotations of a failed run: one error, and nothing else was left behind. */
export function failureOf(run: ActionRun): string {
  const errors = run.annotations.filter(({ level }) => level === "error");
  if (
    run.exitCode !== 1 ||
    errors.length !== 1 ||
    run.paths.length > 0 ||
    Object.keys(run.outputs).length > 0
  ) {
    throw new Error(`An action must not fail like this:\n${JSON.stringify(run, undefined, 2)}`);
  }
  return errors[0]?.message ?? "";
}
