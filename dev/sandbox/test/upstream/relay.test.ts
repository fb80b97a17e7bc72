import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { startRelay } from "../../src/index.ts";

async function withService(use: (origin: string, seen: IncomingMessage[]) => Promise<void>): Promise<void> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    response.writeHead(request.url === "/limited" ? 403 : 200, {
      "x-ratelimit-remaining": "0",
      "content-type": "application/json",
    });
    response.end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test.each([
  ["another token", "real", "Bearer real"],
  ["no token", undefined, undefined],
])("a relay forwards requests with %s", (_name, token, sent) =>
  withService(async (origin, seen) => {
    const relay = await startRelay({ origin, ...(token === undefined ? {} : { token }) });
    const headers = { authorization: "Bearer ghs_sandbox", accept: "application/vnd.github+json" };
    const response = await fetch(`${relay.origin}/repos/a/b/releases?per_page=2`, { headers });
    expect([response.status, await response.text()]).toEqual([200, '{"ok":true}']);
    const limited = await fetch(`${relay.origin}/limited`, { headers });
    expect([limited.status, limited.headers.get("x-ratelimit-remaining")]).toEqual([403, "0"]);
    expect(seen.map(({ url }) => url)).toEqual(["/repos/a/b/releases?per_page=2", "/limited"]);
    expect(seen[0]?.headers).toMatchObject({ accept: "application/vnd.github+json" });
    expect(seen[0]?.headers.authorization).toBe(sent);
    await relay.close();
  }),
);

test("a relay reports that its origin does not answer", async () => {
  const relay = await startRelay({ origin: "http://127.0.0.1:1" });
  const response = await fetch(`${relay.origin}/x`);
  expect([response.status, await response.text()]).toEqual([
    502,
    expect.stringContaining("cannot be reached"),
  ]);
  await relay.close();
});
