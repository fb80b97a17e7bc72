import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A plain HTTP server that only this machine can reach. */
export interface LoopbackServer {
  /** `http://127.0.0.1:P` */
  readonly origin: string;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/**
 * @param port 0 takes a free one.
 * @throws Error when the port is taken.
 */
export async function listenOnLoopback(answer: RequestListener, port: number): Promise<LoopbackServer> {
  const server = createServer(answer);
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", listening);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
