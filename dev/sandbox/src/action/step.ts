import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Annotation, createLogReader, mask } from "./commands.ts";
import { createStepFiles, type StepFiles } from "./files.ts";
import type { Machine } from "./machine.ts";

/** One process of a step: a script of an action, or a shell with a `run:` block. */
export interface StepProcess {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly machine: Machine;
  /** The job's secrets; `::add-mask::` adds to them. */
  readonly masks: Set<string>;
  readonly timeoutMilliseconds: number;
  /** Cancels as a runner does: SIGINT, SIGTERM after 7.5 s, SIGKILL after 2.5 s more. */
  readonly signal: AbortSignal | undefined;
}

export interface StepResult extends StepFiles {
  readonly exitCode: number;
  readonly log: string;
  readonly annotations: readonly Annotation[];
}

/**
 * Runs one process of a step with fresh command files and reads its output and files. Unlike on a real runner, no
 * process it started outlives it.
 *
 * @throws Error when it prints a masked value in its log or summary, uses a retired command, leaves a malformed
 *   command file, or does not end in time.
 */
export async function runStepProcess(step: StepProcess): Promise<StepResult> {
  const files = await createStepFiles(step.machine.temp);
  try {
    const reader = createLogReader(step.masks, step.machine.debug);
    const exitCode = await exitOf(step, { ...step.env, ...files.variables }, (line) => reader.line(line));
    const { leaks, ...said } = reader.finish();
    const left = await files.collect();
    const masked = left.summary.split("\n").map((line) => [line, mask(line, step.masks)] as const);
    const shown = [
      ...leaks,
      ...masked.filter(([line, hidden]) => line !== hidden).map(([, hidden]) => hidden),
    ];
    if (shown.length > 0) throw new Error(`A masked value was shown: ${shown.join(" | ")}`);
    return { exitCode, ...said, ...left };
  } finally {
    await files.remove();
  }
}

/** How long the pipes may stay open after the process itself has ended, because a child of it holds them. */
const drainMilliseconds = 1_000;

async function exitOf(
  step: StepProcess,
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<number> {
  const child = spawn(step.command, step.args, {
    cwd: step.cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // its own process group, so that everything it started can be ended with it
  });
  const timers: NodeJS.Timeout[] = [];
  const later = (milliseconds: number, act: () => void) => timers.push(setTimeout(act, milliseconds));
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group has already ended.
    }
  };
  let timedOut = false;
  let failure: unknown;
  const cancel = () => {
    child.kill("SIGINT");
    later(7_500, () => kill("SIGTERM"));
    later(10_000, () => kill("SIGKILL"));
  };
  step.signal?.addEventListener("abort", cancel, { once: true });
  later(step.timeoutMilliseconds, () => {
    timedOut = true;
    kill("SIGKILL");
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
      try {
        onLine(line);
      } catch (error) {
        failure ??= error;
      }
    });
  }
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", () => later(drainMilliseconds, () => kill("SIGKILL")));
      child.once("close", (code) => resolve(code ?? 1));
    });
    if (failure !== undefined) throw failure;
    if (timedOut) throw new Error(`A step did not end within ${step.timeoutMilliseconds / 1000} seconds.`);
    return exitCode;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    step.signal?.removeEventListener("abort", cancel);
    kill("SIGKILL");
  }
}
