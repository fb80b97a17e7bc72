import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { type LoadCount, load } from "../load.ts";

const paths = { new: "/page", kept: "/page", slow: "/slow" };

/** Counts a load against a server that answers as given, until each kind has had its turn. */
async function loadAgainst(answer: RequestListener): Promise<LoadCount> {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    const { port } = server.address() as AddressInfo;
    return await load(`http://127.0.0.1:${port}`, paths, sleep(600));
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

test("every kind of request is made, and what answered is remembered", async () => {
  const { requests, failed, sentAgain, bodies } = await loadAgainst(({ url }, response) =>
    response.end(`answer to ${url}`),
  );
  for (const kind of ["new", "kept", "slow"] as const) expect(requests[kind]).toBeGreaterThan(0);
  expect(failed).toEqual({ new: 0, kept: 0, slow: 0 });
  expect(sentAgain).toEqual({ new: 0, kept: 0, slow: 0 });
  expect([...bodies].sort()).toEqual(["answer to /page", "answer to /slow"]);
});

test("a kept connection that closes before any answer is not a failure", async () => {
  const served = new WeakSet<object>();
  const { failed, sentAgain } = await loadAgainst((request, response) => {
    if (served.has(request.socket)) return request.socket.destroy();
    served.add(request.socket);
    return response.end("once");
  });
  expect(failed).toEqual({ new: 0, kept: 0, slow: 0 });
  expect(sentAgain.kept).toBeGreaterThan(0);
  expect(sentAgain.new).toBe(0);
});

test("a new connection that closes is one, and so is an error", async () => {
  const { requests, failed, reasons } = await loadAgainst((request, response) => {
    if (request.url === "/slow") {
      response.statusCode = 502;
      return response.end();
    }
    return request.socket.destroy();
  });
  expect(failed).toEqual(requests);
  const ofNew = Object.entries(reasons).filter(([reason]) => reason.startsWith("new: "));
  expect(ofNew.reduce((total, [, times]) => total + times, 0)).toBe(requests.new);
  expect(reasons["slow: status 502"]).toBe(requests.slow);
});

test("an answer that breaks off is one", async () => {
  const { requests, failed } = await loadAgainst((request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => request.socket.destroy());
  });
  expect(failed.new).toBe(requests.new);
});
