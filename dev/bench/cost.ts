// What one run of a tool costs: time, requests, bytes, processor time and memory, ours and others' measured alike.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatBytes } from "@spin-publisher/action-runtime";
import type { RegistryServer } from "@spin-publisher/sandbox";
import { secondsText } from "../../scripts/table.ts";

/** What a process used; undefined where the system does not say. */
export interface Usage {
  readonly cpuMilliseconds: number | undefined;
  readonly peakBytes: number | undefined;
}

export interface Cost extends Usage {
  readonly milliseconds: number;
  /** To the target registry. */
  readonly requests: number;
  /** The longest chain of requests to the target registry of which each may have waited for the one before. */
  readonly waves: number;
  /** Bytes of request bodies. */
  readonly sentBytes: number;
}

/** Measures `work` against a registry that nothing else uses meanwhile. */
export async function costOf(registry: RegistryServer, work: () => Promise<Usage>): Promise<Cost> {
  registry.clearRequests();
  const started = performance.now();
  const usage = await work();
  const milliseconds = performance.now() - started;
  const { requests } = registry;
  return {
    ...usage,
    milliseconds,
    requests: requests.length,
    waves: Math.max(0, ...requests.map(({ wave }) => wave)),
    sentBytes: requests.reduce((sum, { requestBytes }) => sum + requestBytes, 0),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Every figure's median by itself. */
export function medianCost(costs: readonly Cost[]): Cost {
  const of = (figure: (cost: Cost) => number) => median(costs.map(figure));
  const ifKnown = (figure: (cost: Cost) => number | undefined) => {
    const known = costs.flatMap((cost) => figure(cost) ?? []);
    return known.length === 0 ? undefined : median(known);
  };
  return {
    milliseconds: of(({ milliseconds }) => milliseconds),
    requests: of(({ requests }) => requests),
    waves: of(({ waves }) => waves),
    sentBytes: of(({ sentBytes }) => sentBytes),
    cpuMilliseconds: ifKnown(({ cpuMilliseconds }) => cpuMilliseconds),
    peakBytes: ifKnown(({ peakBytes }) => peakBytes),
  };
}

export const costHeader = ["time", "waves", "requests", "sent", "CPU", "memory"] as const;

/**
 * The cells of `costHeader`.
 *
 * @param latencyMilliseconds of the registry. Without any, an answer can be there before the next of several requests
 *   is sent side by side, and waves mean nothing.
 */
export function costCells(cost: Cost, latencyMilliseconds: number): readonly string[] {
  const { milliseconds, waves, requests, sentBytes, cpuMilliseconds, peakBytes } = cost;
  return [
    secondsText(milliseconds),
    latencyMilliseconds === 0 ? "–" : String(waves),
    String(requests),
    formatBytes(sentBytes),
    cpuMilliseconds === undefined ? "–" : secondsText(cpuMilliseconds),
    peakBytes === undefined ? "–" : formatBytes(peakBytes),
  ];
}

/** Adds up commands that run one after the other. */
export function sumOf(usages: readonly Usage[]): Usage {
  const all = (figure: (usage: Usage) => number | undefined) => {
    const known = usages.flatMap((usage) => figure(usage) ?? []);
    return known.length === usages.length ? known : undefined;
  };
  const peaks = all(({ peakBytes }) => peakBytes);
  return {
    cpuMilliseconds: all(({ cpuMilliseconds }) => cpuMilliseconds)?.reduce((sum, time) => sum + time, 0),
    peakBytes: peaks === undefined ? undefined : Math.max(0, ...peaks),
  };
}

/**
 * Runs a program. Its processor time is what the shell says of its child; its memory is watched in /proc, every few
 * milliseconds, so that the last moments are missed.
 *
 * @throws Error with its output when it fails.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Usage> {
  return new Promise((resolve, reject) => {
    const script = '"$@"; status=$?; times >&2; exit $status';
    const shell = spawn("sh", ["-c", script, "sh", program, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    let peakBytes: number | undefined;
    const watch = setInterval(() => {
      peakBytes = peakOfChild(shell.pid) ?? peakBytes;
    }, 5);
    for (const stream of [shell.stdout, shell.stderr]) stream.on("data", (chunk) => (said += chunk));
    shell.on("error", (error) => {
      clearInterval(watch);
      reject(error);
    });
    shell.on("close", (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ cpuMilliseconds: childTime(said), peakBytes });
      else reject(new Error(`${program} ${args.join(" ")}:\n${said}`));
    });
  });
}

/** The second line of POSIX `times`: user and system time of the children, `0m0.120s 0m0.030s`. */
function childTime(output: string): number | undefined {
  const [line = ""] = output.trimEnd().split("\n").slice(-1);
  const times = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) return undefined;
  const seconds = times.map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
  return seconds.reduce((sum, time) => sum + time, 0) * 1000;
}

/** proc(5): VmHWM is the largest that a process has been. */
function peakOfChild(parent: number | undefined): number | undefined {
  try {
    const [child = ""] = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").split(" ");
    const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child}/status`, "utf8")) ?? [];
    return peak === undefined ? undefined : Number(peak) * 1024;
  } catch {
    return undefined; // it has not begun or has ended, or this is not Linux
  }
}

/** Has a Node process record what it used, exactly, when it ends. */
export function recordUsage(folder: string): { readonly script: string; readonly read: () => Usage } {
  const file = join(folder, "usage.json");
  return {
    script: `const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.resourceUsage())));
`,
    read() {
      const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(file, "utf8"));
      return { cpuMilliseconds: (userCPUTime + systemCPUTime) / 1000, peakBytes: maxRSS * 1024 };
    },
  };
}
