import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { atTheEnd } from "./fixtures.ts";

/** A server that answers as it likes; returns its host, and how many requests it got. */
export async function hostile(listener: RequestListener) {
  const seen = { host: "", requests: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.requests += 1;
    listener(request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  atTheEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  });
  seen.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return seen;
}
