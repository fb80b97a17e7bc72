import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach } from "@jest/globals";
import type { RetryOptions } from "../src/index.ts";

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Closes or removes something at the end of the test. */
export function atTheEnd(close: () => Promise<unknown> | unknown): void {
  closing.push(close);
}

/** Listens on a free port of the loopback interface until the end of the test, and returns the port. */
export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // cut connections are what many tests are about
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  atTheEnd(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((closed) => server.close(closed));
  });
  return (server.address() as AddressInfo).port;
}

/** An HTTP server for the length of one test; returns its origin. */
export async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

/** A server that answers the n-th request with the n-th of `answers`, and all others with the last one. */
export async function serveInTurn(
  ...answers: readonly ((request: IncomingMessage, response: ServerResponse) => void)[]
): Promise<{ readonly origin: string; readonly requests: readonly string[] }> {
  const requests: string[] = [];
  const origin = await serve((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(`${request.method} ${request.url}`);
    answer?.(request, response);
  });
  return { origin, requests };
}

/** An answer of this status, body and these headers. */
export function answer(status: number, body = "", headers: Record<string, string> = {}) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, headers).end(body);
  };
}

/** A clock that jumps instead of waiting, and remembers how far. */
export function jumpingClock(): RetryOptions & { readonly waits: number[] } {
  const waits: number[] = [];
  let now = 0;
  return {
    waits,
    now: () => now,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
      now += milliseconds;
    },
    random: () => 0.5,
  };
}
