import { createServer, type IncomingMessage } from "node:http";
import { createSecureServer, type Http2ServerRequest } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { createIdentity } from "./certificate.ts";

export type Protocol = "http" | "https" | "h2";

export type IncomingRequest = IncomingMessage | Http2ServerRequest;

/** What HTTP/1.1's and HTTP/2's responses have in common. */
export type OutgoingResponse = Writable & {
  writeHead(status: number, headers: Record<string, string | string[]>): unknown;
};

export type Handler = (request: IncomingRequest, response: OutgoingResponse) => void;

/** A server on the loopback interface. */
export interface Listener {
  readonly port: number;
  /** The certificate to trust, PEM; undefined where there is no TLS. */
  readonly certificate: string | undefined;
  /** Breaks the connection of a request by a TCP reset, as a killed server or an impatient proxy does. */
  breakConnection(request: IncomingRequest): void;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** Longer than any client keeps a connection: a race for an idle one is not what is to be tested. */
const keepAliveTimeout = 60_000;

/**
 * @param protocol `http` is plain HTTP/1.1; `https` adds TLS, and `h2` offers HTTP/2 beside HTTP/1.1 on top of it.
 * @throws Error when the port is taken.
 */
export async function listen(protocol: Protocol, port: number, handler: Handler): Promise<Listener> {
  const { server, certificate } = serverOf(protocol, handler);
  /** By the port of the other end, which is all that a request inside TLS and HTTP/2 knows of its connection. */
  const connections = new Map<number, Socket>();
  server.on("connection", (socket: Socket) => {
    const peer = socket.remotePort ?? 0;
    connections.set(peer, socket);
    socket.once("close", () => {
      if (connections.get(peer) === socket) connections.delete(peer);
    });
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", listening);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    certificate,
    breakConnection(request) {
      connections.get(request.socket.remotePort ?? 0)?.resetAndDestroy();
    },
    async close() {
      const closed = new Promise((done) => server.close(done));
      for (const socket of connections.values()) socket.destroy();
      await closed;
    },
  };
}

function serverOf(protocol: Protocol, handler: Handler) {
  if (protocol === "http")
    return { server: createServer({ keepAliveTimeout }, handler), certificate: undefined };
  const { key, certificate } = createIdentity();
  const server =
    protocol === "https"
      ? createTlsServer({ key, cert: certificate, keepAliveTimeout }, handler)
      : createSecureServer({ key, cert: certificate, allowHTTP1: true }, handler);
  return { server, certificate };
}
