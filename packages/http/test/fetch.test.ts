import { describe, expect, test } from "@jest/globals";
import { createFetch, patienceFor, readBounded, readJson } from "../src/index.ts";
import { answer, jumpingClock, serve, serveInTurn } from "./servers.ts";

describe("a request", () => {
  test("is repeated while the response is transient", async () => {
    const server = await serveInTurn(answer(503), answer(502), answer(200, "here"));
    const said: string[] = [];
    const fetch = createFetch({ mirrors: [], retry: jumpingClock() });
    const response = await fetch(server.origin, { onRetry: ({ because }) => said.push(because) });
    expect(await response.text()).toBe("here");
    expect(said).toEqual(["503 Service Unavailable", "502 Bad Gateway"]);
  });

  test("returns the last response when that never changes", async () => {
    const server = await serveInTurn(answer(503, "down"));
    const response = await createFetch({ mirrors: [], retry: jumpingClock() })(server.origin);
    expect([response.status, await response.text()]).toEqual([503, "down"]);
    expect(server.requests).toHaveLength(6);
  });

  test("is repeated with its body when the connection is lost", async () => {
    const bodies: string[] = [];
    const origin = await serve(async (request, response) => {
      if (bodies.push("") === 1) return request.socket.destroy();
      for await (const chunk of request) bodies[bodies.length - 1] += String(chunk);
      response.end();
    });
    const fetch = createFetch({ mirrors: [], retry: jumpingClock() });
    expect((await fetch(origin, { method: "PUT", body: "whole" })).status).toBe(200);
    expect(bodies).toEqual(["", "whole"]);
  });

  test("streams its body, again for a redirect and for a retry", async () => {
    const received: string[] = [];
    const server = await serve(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      received.push(`${request.method} ${request.url} ${body}`);
      if (request.url === "/") response.writeHead(307, { location: "/there" }).end();
      else response.writeHead(received.length < 3 ? 503 : 201).end();
    });
    let opened = 0;
    const openBody = async function* () {
      opened += 1;
      yield Buffer.from("first ");
      yield Buffer.from("second");
    };
    const fetch = createFetch({ retry: jumpingClock() });
    const headers = { "content-length": "12" };
    const response = await fetch(server, { method: "PUT", openBody, headers, bulk: true });
    expect(response.status).toBe(201);
    expect(received).toEqual([
      "PUT / first second",
      "PUT /there first second",
      "PUT / first second",
      "PUT /there first second",
    ]);
    expect(opened).toBe(4);
  });

  test("ends in the error of its streamed body", async () => {
    const server = await serve((request, response) => void request.resume().on("end", () => response.end()));
    const openBody = async function* () {
      yield Buffer.from("first ");
      throw new Error("damaged at its source");
    };
    const sent = createFetch()(server, { method: "PUT", openBody, headers: { "content-length": "12" } });
    await expect(sent).rejects.toThrow("damaged at its source");
  });

  test("is sent once if the caller says so, whatever the response", async () => {
    const server = await serveInTurn(answer(503), (request) => void request.socket.destroy());
    const fetch = createFetch({ mirrors: [], retry: jumpingClock() });
    expect((await fetch(server.origin, { retry: "never" })).status).toBe(503);
    await expect(fetch(server.origin, { retry: "never" })).rejects.toThrow(
      `GET ${server.origin}/ got no answer`,
    );
    expect(server.requests).toHaveLength(2);
  });

  test("is not repeated when its body cannot be sent again", async () => {
    const server = await serveInTurn(answer(503));
    const fetch = createFetch({ mirrors: [], retry: jumpingClock() });
    const body = new Blob(["once"]).stream();
    expect((await fetch(server.origin, { method: "PUT", body, duplex: "half" })).status).toBe(503);
    expect(server.requests).toHaveLength(1);
  });

  test("is repeated when its document ends early", async () => {
    const server = await serveInTurn(
      (request, response) => {
        response.writeHead(200, { "content-length": "10" }).write("hal");
        setImmediate(() => request.socket.destroy());
      },
      answer(200, "whole text"),
    );
    const fetch = createFetch({ mirrors: [], retry: jumpingClock() });
    expect(await (await fetch(server.origin, { bodyLimit: 100 })).text()).toBe("whole text");
  });

  test("refuses a document that is too long, without reading it to its end", async () => {
    const origin = await serve((_request, response) => {
      const more = () => {
        while (response.write("x".repeat(1 << 16)));
      };
      response.on("drain", more);
      more();
    });
    const fetch = createFetch({ mirrors: [], retry: jumpingClock() });
    await expect(fetch(`${origin}/document`, { bodyLimit: 1 << 20 })).rejects.toThrow(
      `The response of ${origin}/document is larger than 1048576 bytes`,
    );
  });

  test("returns an error response however long it is, truncated", async () => {
    const server = await serveInTurn(answer(404, "x".repeat(100_000)));
    const response = await createFetch({ mirrors: [] })(server.origin, { bodyLimit: 10 });
    expect([response.status, (await response.text()).length]).toEqual([404, 64 << 10]);
  });

  test("whose body fails while it is sent ends in that error, not in one about the network", async () => {
    const server = await serveInTurn(answer(201));
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error("damaged at its source")),
    });
    const fetch = createFetch({ mirrors: [], retry: jumpingClock() });
    await expect(fetch(server.origin, { method: "PUT", body, duplex: "half" })).rejects.toThrow(
      "damaged at its source",
    );
  });

  test("waits for a host that asked another request to wait", async () => {
    let now = 0;
    const sleepers: { readonly milliseconds: number; readonly wake: () => void }[] = [];
    const asleep = async (count: number) => {
      for (let turn = 0; sleepers.length < count && turn < 10_000; turn += 1) await new Promise(setImmediate);
    };
    const fetch = createFetch({
      mirrors: [],
      retry: {
        now: () => now,
        random: () => 0,
        sleep: (milliseconds) => new Promise((wake) => void sleepers.push({ milliseconds, wake })),
      },
    });
    const server = await serveInTurn(answer(429, "", { "retry-after": "30" }), answer(200));
    const refused = fetch(`${server.origin}/refused`);
    await asleep(1);
    const other = fetch(`${server.origin}/other`);
    await asleep(2);
    expect(sleepers.map(({ milliseconds }) => milliseconds)).toEqual([30_000, 30_000]);
    expect(server.requests).toEqual(["GET /refused"]);
    now = 30_000;
    for (const { wake } of sleepers) wake();
    expect([(await refused).status, (await other).status]).toEqual([200, 200]);
  });

  test("that is aborted does not blame the network", async () => {
    const server = await serveInTurn(() => {});
    const stop = new AbortController();
    const asked = createFetch({ mirrors: [] })(server.origin, { signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
  });

  test("to an address where nothing listens ends in one sentence without the URL's secrets", async () => {
    const server = await serve(() => {});
    const { port } = new URL(server);
    const fetch = createFetch({ mirrors: [], retry: { ...jumpingClock(), attempts: 1 } });
    const closed = `http://127.0.0.2:${port}/file?signature=secret`;
    const failed = fetch(closed);
    await expect(failed).rejects.toThrow(
      /^GET http:\/\/127\.0\.0\.2:\d+\/file got no answer: .*ECONNREFUSED/,
    );
    await expect(failed).rejects.not.toThrow("secret");
  });
});

describe("a body", () => {
  test.each([
    [0, 60_000],
    [10_000_001, 100_001],
    [Number.MAX_SAFE_INTEGER, 2 ** 31 - 1],
  ])("of %d bytes may take %d milliseconds", (bytes, milliseconds) => {
    expect(patienceFor(bytes)).toBe(milliseconds);
  });

  test("is read up to its limit", async () => {
    expect(Buffer.from(await readBounded(new Response("12345"), 5, "it")).toString()).toBe("12345");
    await expect(readBounded(new Response("123456"), 5, "the list")).rejects.toThrow(
      "The list is larger than 5 bytes and was not read.",
    );
    expect(Buffer.from(await readBounded(new Response("123456"), 5, "truncate")).toString()).toBe("12345");
    expect(await readBounded(new Response(null), 5, "it")).toHaveLength(0);
  });

  test("that should be JSON but is a web page is reported as such", async () => {
    expect(await readJson(new Response('{"a":1}'), 100, "it")).toEqual({ a: 1 });
    await expect(readJson(new Response("<html>"), 100, "the list")).rejects.toThrow(
      "The list is not JSON but a web page (status 200); check the host name, and whether a proxy answered instead.",
    );
  });
});
