import { mkdir, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "@spin-publisher/errors";
import { absent } from "./layout-index.ts";

/** A lock whose holder has not touched it for so long belongs to a process that died. */
const staleAfterMilliseconds = 10_000;

const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while no other work, in this process or another, holds the lock folder `lock`. Within
 * the process it is first come, first served.
 */
export function exclusively<Result>(lock: string, work: () => Promise<Result>): Promise<Result> {
  const before = queues.get(lock) ?? Promise.resolve();
  const turn = before.then(async () => {
    await acquire(lock);
    const alive = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), 2_000);
    try {
      return await work();
    } finally {
      clearInterval(alive);
      await rm(lock, { recursive: true, force: true });
    }
  });
  const settled = turn.then(
    () => {},
    () => {},
  );
  queues.set(lock, settled);
  void settled.then(() => {
    if (queues.get(lock) === settled) queues.delete(lock);
  });
  return turn;
}

async function acquire(lock: string): Promise<void> {
  await mkdir(dirname(lock), { recursive: true });
  for (;;) {
    try {
      await mkdir(lock);
      return;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    const held = await stat(lock).catch(absent);
    if (held !== undefined && Date.now() - held.mtimeMs > staleAfterMilliseconds) {
      await rm(lock, { recursive: true, force: true });
    } else {
      await sleep(20);
    }
  }
}
