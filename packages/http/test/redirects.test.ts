import { describe, expect, test } from "@jest/globals";
import { createFetch, parseMirrors } from "../src/index.ts";
import { answer, jumpingClock, serve, serveInTurn } from "./servers.ts";

const fetch = createFetch({ mirrors: [], retry: jumpingClock() });
const secrets = { authorization: "Bearer secret", cookie: "session=secret", "x-api-key": "secret" };

/** A server that answers with the headers and the body it was sent. */
function mirror() {
  return serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
}

describe("a request", () => {
  test("is refused for a URL with credentials, which are not shown", async () => {
    const failed = createFetch({ mirrors: [] })("http://user:secret@127.0.0.1/a?token=secret");
    await expect(failed).rejects.toThrow("The URL of http://127.0.0.1/a contains credentials");
    await expect(failed).rejects.not.toThrow("secret");
  });
});

describe("redirects", () => {
  test("take no identifying header to another origin", async () => {
    const there = await mirror();
    const here = await serveInTurn(answer(302, "", { location: `${there}/blob` }));
    const response = await fetch(here.origin, {
      headers: { ...secrets, accept: "text/plain", range: "bytes=0-" },
    });
    const { headers } = JSON.parse(await response.text());
    expect(JSON.stringify(headers)).not.toContain("secret");
    expect(headers).toMatchObject({ accept: "text/plain", range: "bytes=0-" });
  });

  test("do not restore those headers on the way back", async () => {
    const requests: unknown[] = [];
    const home = await serve((request, response) => {
      requests.push(request.headers.authorization);
      if (request.url === "/start") response.writeHead(307, { location: `${away}/` }).end();
      else response.end();
    });
    const away = await serve(
      (_request, response) => void response.writeHead(307, { location: `${home}/end` }).end(),
    );
    await fetch(`${home}/start`, { headers: secrets });
    expect(requests).toEqual(["Bearer secret", undefined]);
  });

  test("drop the challenge of another origin, and keep that of the same origin", async () => {
    const challenged = answer(401, "no", { "www-authenticate": 'Bearer realm="http://there.example/tok"' });
    const there = await serve((request, response) => void challenged(request, response));
    const here = await serve((request, response) => {
      if (request.url === "/own") return void challenged(request, response);
      response.writeHead(307, { location: request.url === "/a" ? `${there}/b` : "/own" }).end();
    });
    const foreign = await fetch(`${here}/a`);
    expect([foreign.status, foreign.headers.get("www-authenticate")]).toEqual([401, null]);
    expect(await foreign.text()).toBe("no");
    const own = await fetch(`${here}/c`);
    expect(own.headers.get("www-authenticate")).toContain("there.example");
  });

  test("keep all headers on the same origin", async () => {
    const requests: unknown[] = [];
    const origin = await serve((request, response) => {
      requests.push([request.url, request.headers.authorization]);
      if (request.url === "/a") response.writeHead(301, { location: "b?c=%20~" }).end();
      else response.end();
    });
    await fetch(`${origin}/a`, { headers: secrets });
    expect(requests).toEqual([
      ["/a", "Bearer secret"],
      ["/b?c=%20~", "Bearer secret"],
    ]);
  });

  test.each([
    [301, "POST", "GET", ""],
    [302, "POST", "GET", ""],
    [303, "PUT", "GET", ""],
    [301, "PUT", "PUT", "body"],
    [307, "POST", "POST", "body"],
    [308, "PUT", "PUT", "body"],
  ])("%d turns %s into %s", async (status, method, then, body) => {
    const there = await mirror();
    const here = await serveInTurn(answer(status, "", { location: there }));
    const response = await fetch(here.origin, {
      method,
      body: "body",
      headers: { "content-type": "text/plain" },
    });
    expect(JSON.parse(await response.text())).toMatchObject({ method: then, body });
  });

  test("end after five", async () => {
    const server = await serveInTurn(answer(302, "", { location: "/again" }));
    await expect(fetch(`${server.origin}/start?signature=secret`)).rejects.toThrow(
      `${server.origin}/start redirects more than 5 times; the last one leads to ${server.origin}/again.`,
    );
    expect(server.requests).toHaveLength(6);
  });

  test.each([
    ["javascript:alert(1)", "not an HTTP URL"],
    ["file:///etc/passwd", "not an HTTP URL"],
    ["http://", "not an HTTP URL"],
    ["http://user:secret@127.0.0.1/x?y", "redirects to http://127.0.0.1/x with credentials in the URL"],
  ])("to %s are not followed", async (location, message) => {
    const server = await serveInTurn(answer(302, "", { location }));
    await expect(fetch(server.origin)).rejects.toThrow(message);
  });

  test("from HTTPS to plain HTTP are not followed", async () => {
    const secure = createFetch({
      mirrors: [],
      exchange: async () =>
        new Response(null, { status: 302, headers: { location: "http://example.com/x" } }),
    });
    await expect(secure("https://example.com/")).rejects.toThrow(
      "https://example.com/ redirects from HTTPS to plain HTTP (http://example.com/x)",
    );
  });

  test("of an upload that can be sent only once are an error", async () => {
    const server = await serveInTurn(answer(307, "", { location: "/there" }));
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("once"));
        controller.close();
      },
    });
    await expect(fetch(server.origin, { method: "PUT", body, duplex: "half" })).rejects.toThrow(
      "redirects an upload that can be sent only once",
    );
  });
});

describe("a mirror", () => {
  test("that gives its own address in Location means the origin", async () => {
    const requests: unknown[] = [];
    const origin = await serve((request, response) => {
      requests.push([request.url, request.headers.authorization]);
      if (request.url === "/prefix/start") {
        response.writeHead(302, { location: `http://${request.headers.host}/prefix/end` }).end();
      } else response.end("there");
    });
    const mirrors = parseMirrors(`https://registry.example=${origin}/prefix`);
    const response = await createFetch({ mirrors })("https://registry.example/start", { headers: secrets });
    expect(await response.text()).toBe("there");
    expect(requests).toEqual([
      ["/prefix/start", "Bearer secret"],
      ["/prefix/end", "Bearer secret"],
    ]);
  });

  test("appears as the origin in an upload's Location and a challenge's realm", async () => {
    const origin = await serve((request, response) => {
      const self = `http://${request.headers.host}`;
      const challenge = `Bearer realm="${self}/token",service="s"`;
      response.writeHead(202, { location: `${self}/v2/x?_state=a%20b`, "www-authenticate": challenge }).end();
    });
    const mirrors = parseMirrors(`https://registry.example=${origin}`);
    const { headers } = await createFetch({ mirrors })("https://registry.example/v2/");
    expect(headers.get("location")).toBe("https://registry.example/v2/x?_state=a%20b");
    expect(headers.get("www-authenticate")).toBe('Bearer realm="https://registry.example/token",service="s"');
  });

  test("is also used when a redirect leads to its origin", async () => {
    const assets = await serveInTurn(answer(200, "asset"));
    const github = await serveInTurn(answer(302, "", { location: "https://assets.example/file" }));
    const mirrors = parseMirrors(
      `https://github.example=${github.origin} https://assets.example=${assets.origin}`,
    );
    const response = await createFetch({ mirrors })("https://github.example/release");
    expect(await response.text()).toBe("asset");
    expect(assets.requests).toEqual(["GET /file"]);
  });
});
