import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A program that runs until it is stopped. */
export interface Background {
  readonly name: string;
  readonly pid: number;
  /** Undefined while it runs. */
  exitCode(): number | undefined;
  /** The last lines of what it printed. */
  said(): Promise<string>;
  /** SIGTERM, and SIGKILL for one that does not end. */
  stop(): Promise<void>;
}

export interface BackgroundOptions {
  /** Receives what it prints. */
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** How long a program may take to end. */
const patienceMilliseconds = 10_000;

/**
 * Starts a program in a session of its own, so that ^C reaches us alone and we end it in our order.
 *
 * @throws Error when it cannot be started.
 */
export async function startInBackground(
  name: string,
  [program = "", ...args]: readonly string[],
  { log, env = {}, cwd }: BackgroundOptions,
): Promise<Background> {
  const file = await open(log, "a");
  const child = spawn(program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    detached: true,
    env: { ...process.env, ...env },
    stdio: ["ignore", file.fd, file.fd],
  });
  let exitCode: number | undefined;
  const closed = new Promise<void>((done) => {
    child.once("exit", (code) => {
      exitCode = code ?? 1;
      done();
    });
  });
  await new Promise<void>((started, failed) => {
    child.once("spawn", started);
    child.once("error", (cause) =>
      failed(new Error(`${name} cannot be started: ${cause.message}`, { cause })),
    );
  });
  await file.close();
  // The whole group, since the program may have been started by another one that does not pass signals on.
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  };
  return {
    name,
    pid: child.pid ?? 0,
    exitCode: () => exitCode,
    async said() {
      const text = await readFile(log, "utf8").catch(() => "");
      return text.trim().split("\n").slice(-8).join("\n");
    },
    async stop() {
      if (exitCode !== undefined) return;
      signal("SIGTERM");
      const ended = await Promise.race([closed.then(() => true), sleep(patienceMilliseconds, false)]);
      if (ended) return;
      signal("SIGKILL");
      await closed;
    },
  };
}

/**
 * Waits until a question is answered with true.
 *
 * @param running programs without which there is no point in waiting.
 * @throws Error naming what was awaited, with what an ended program printed last.
 */
export async function waitUntil(
  what: string,
  answered: () => Promise<boolean>,
  {
    seconds,
    running = [],
    everyMilliseconds = 200,
  }: {
    readonly seconds: number;
    readonly running?: readonly Background[];
    readonly everyMilliseconds?: number;
  },
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (await answered().catch(() => false)) return;
    const ended = running.find((program) => program.exitCode() !== undefined);
    if (ended !== undefined) {
      throw new Error(`${ended.name} ended before ${what}: ${await ended.said()}`);
    }
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s until ${what}, in vain`);
    await sleep(everyMilliseconds);
  }
}
