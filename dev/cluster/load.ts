// A client in the cluster's network: new connections, kept ones and slow requests, until standard input ends. Then it
// prints what it counted, as one line of JSON.
//
//   node load.ts http://10.96.0.10 /page /slow-page
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "@spin-publisher/errors";

export interface LoadCount {
  /** Requests of each kind, failed ones included. */
  readonly requests: Readonly<Record<Kind, number>>;
  readonly failed: Readonly<Record<Kind, number>>;
  /** Sent a second time, because a kept connection closed before any answer. */
  readonly sentAgain: Readonly<Record<Kind, number>>;
  /** Why, and how often. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Different bodies, in the order in which they were first seen. */
  readonly bodies: readonly string[];
}

export type Kind = "new" | "kept" | "slow";

/** Nobody has to wait longer, and no run makes more requests than this for each kind. */
const bounds = { seconds: 240, requests: 50_000, timeoutMilliseconds: 15_000 } as const;

/** Clients of each kind, and the pause of each between two requests. */
const clients = {
  new: { count: 4, pauseMilliseconds: 15, keepAlive: false },
  kept: { count: 6, pauseMilliseconds: 15, keepAlive: true },
  slow: { count: 6, pauseMilliseconds: 50, keepAlive: true },
} as const;

/** @param ended resolves when to stop; requests under way are awaited. */
export async function load(
  base: string,
  paths: Readonly<Record<Kind, string>>,
  ended: Promise<unknown>,
): Promise<LoadCount> {
  const requests: Record<Kind, number> = { new: 0, kept: 0, slow: 0 };
  const failed: Record<Kind, number> = { new: 0, kept: 0, slow: 0 };
  const reasons: Record<string, number> = {};
  const sentAgain: Record<Kind, number> = { new: 0, kept: 0, slow: 0 };
  const bodies = new Set<string>();
  let running = true;
  void ended.then(() => {
    running = false;
  });
  const deadline = Date.now() + bounds.seconds * 1000;
  const client = async (kind: Kind) => {
    const { pauseMilliseconds, keepAlive } = clients[kind];
    // One connection for each client, reused as browsers and proxies do.
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (running && Date.now() < deadline && requests[kind] < bounds.requests) {
      requests[kind] += 1;
      try {
        bodies.add(
          await answer(new URL(paths[kind], base), agent, () => {
            sentAgain[kind] += 1;
          }),
        );
      } catch (error) {
        failed[kind] += 1;
        const reason = `${kind}: ${error instanceof Error ? error.message : error}`;
        reasons[reason] = (reasons[reason] ?? 0) + 1;
      }
      await sleep(pauseMilliseconds);
    }
    agent.destroy();
  };
  const kinds = Object.keys(clients) as Kind[];
  await Promise.all(kinds.flatMap((kind) => Array.from({ length: clients[kind].count }, () => client(kind))));
  return { requests, failed, sentAgain, reasons, bodies: [...bodies] };
}

/**
 * As browsers and proxies do, sends a GET once more when a kept connection closes before any answer (RFC 9110, 9.2.2).
 * What fails on a new connection has failed.
 */
async function answer(url: URL, agent: Agent, again: () => void): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const sent = request(url, { agent, timeout: bounds.timeoutMilliseconds });
    try {
      return await bodyOf(sent);
    } catch (error) {
      if (!(sent.reusedSocket && isClosed(error)) || attempt > 1) throw error;
      again();
    }
  }
}

function isClosed(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE"].includes(errorCode(error) ?? "");
}

function bodyOf(sent: ReturnType<typeof request>): Promise<string> {
  return new Promise((done, failed) => {
    sent.once("timeout", () => sent.destroy(new Error(`no answer after ${bounds.timeoutMilliseconds} ms`)));
    sent.once("error", failed);
    sent.once("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.once("error", failed);
      response.once("aborted", () => failed(new Error("the answer broke off")));
      response.once("end", () =>
        response.statusCode === 200 ? done(body) : failed(new Error(`status ${response.statusCode}`)),
      );
    });
    sent.end();
  });
}

if (import.meta.main) {
  const [, , base = "", page = "/", slow = page] = process.argv;
  const ended = new Promise((done) => process.stdin.once("end", done).once("close", done));
  process.stdin.resume();
  console.log(JSON.stringify(await load(base, { new: page, kept: page, slow }, ended)));
  process.exit();
}
