import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { createFetch, createNetwork } from "../src/index.ts";
import { selfSigned } from "./certificate.ts";
import { answer, atTheEnd, jumpingClock, listen, serve, serveInTurn } from "./servers.ts";

const run = promisify(execFile);

/**
 * A TLS server that answers each request with the version it came in and the bytes that came with it, once `together`
 * requests are there; and what a job's environment needs in order to trust it.
 */
async function secureServer(options: { readonly h2: boolean; readonly together?: number }) {
  const { cert, key } = selfSigned("localhost", "registry.example");
  const folder = await mkdtemp(join(tmpdir(), "certificate-"));
  atTheEnd(() => rm(folder, { recursive: true }));
  const file = join(folder, "ca.pem");
  await writeFile(file, cert);
  const server = options.h2
    ? createSecureServer({ cert, key, allowHTTP1: true })
    : createHttpsServer({ cert, key });
  const { together = 1 } = options;
  const seen = { connections: 0, requests: 0 };
  const held: (() => void)[] = [];
  server.on("secureConnection", () => {
    seen.connections += 1;
  });
  const listener = async (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ) => {
    seen.requests += 1;
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    held.push(() => response.end(`${request.httpVersion} ${bytes}`));
    if (seen.requests >= together) for (const release of held.splice(0)) release();
  };
  server.on("request", listener);
  return { port: await listen(server), trust: { NODE_EXTRA_CA_CERTS: file }, seen };
}

/** What a process with this environment prints, which has `fetch` from this package and runs `code`. */
async function inProcess(environment: Record<string, string>, code: string): Promise<unknown> {
  const source = new URL("../src/index.ts", import.meta.url).href;
  const script = `import { createFetch } from ${JSON.stringify(source)}; const fetch = createFetch({ environment: process.env, retry: { attempts: 1 } }); ${code}`;
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", script], {
    env: environment,
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

const twelveTimes = (base: string) => `
  const answers = await Promise.all(Array.from({ length: 12 }, async (_, i) => {
    const body = i % 2 ? "x".repeat(i) : undefined;
    const response = await fetch("${base}/" + i, body ? { method: "PUT", body } : {});
    return response.text();
  }));
  console.log(JSON.stringify(answers));`;

const expectedFrom = (version: string) => Array.from({ length: 12 }, (_, i) => `${version} ${i % 2 ? i : 0}`);

describe("the network", () => {
  test("uses HTTP/2 where the server offers it, all requests over one connection", async () => {
    const { port, trust, seen } = await secureServer({ h2: true, together: 12 });
    expect(await inProcess(trust, twelveTimes(`https://localhost:${port}`))).toEqual(expectedFrom("2.0"));
    expect(seen).toEqual({ connections: 1, requests: 12 });
  });

  test("uses HTTP/1.1 otherwise, with several connections", async () => {
    const { port, trust, seen } = await secureServer({ h2: false, together: 12 });
    expect(await inProcess(trust, twelveTimes(`https://localhost:${port}`))).toEqual(expectedFrom("1.1"));
    expect(seen).toEqual({ connections: 12, requests: 12 });
  });

  test("gives large bodies a connection of their own, over HTTP/1.1", async () => {
    const { port, trust, seen } = await secureServer({ h2: true });
    const code = `
      const small = await fetch("https://localhost:${port}/");
      const large = await fetch("https://localhost:${port}/", { method: "PUT", body: new Uint8Array(3 << 20), bulk: true });
      console.log(JSON.stringify([await small.text(), await large.text()]));`;
    expect(await inProcess(trust, code)).toEqual(["2.0 0", `1.1 ${3 << 20}`]);
    expect(seen.connections).toBe(2);
  });

  test("does not trust unknown certificates", async () => {
    const { port } = await secureServer({ h2: true });
    const code = `console.log(JSON.stringify(await fetch("https://localhost:${port}/").catch((error) => error.message)));`;
    expect(await inProcess({}, code)).toMatch(/got no answer: .*self-signed/);
  });

  test("reuses connections", async () => {
    const sockets = new Set();
    const origin = await serve((request, response) => {
      sockets.add(request.socket.remotePort);
      response.end("x");
    });
    const fetch = createFetch({ mirrors: [] });
    for (let i = 0; i < 10; i += 1) await (await fetch(origin)).text();
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  test("tunnels through HTTPS_PROXY, except to NO_PROXY hosts and loopback", async () => {
    const { port, trust, seen } = await secureServer({ h2: true });
    const tunnels: string[] = [];
    const proxy = createServer(answer(500)).on("connect", (request, socket) => {
      tunnels.push(String(request.url));
      const upstream = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on("error", () => socket.destroy());
      socket.on("error", () => upstream.destroy());
    });
    const environment = {
      ...trust,
      https_proxy: `http://127.0.0.1:${await listen(proxy)}`,
      NO_PROXY: "direct.invalid",
    };
    const code = `
      const texts = [];
      for (const url of ["https://registry.example/v2/", "https://localhost:${port}/"]) {
        texts.push(await (await fetch(url)).text());
      }
      texts.push(await fetch("https://direct.invalid/").catch((error) => error.message));
      console.log(JSON.stringify(texts));`;
    const texts = await inProcess(environment, code);
    expect(texts).toEqual([
      expect.stringMatching(/^\d\.\d 0$/),
      "2.0 0",
      expect.stringContaining("direct.invalid"),
    ]);
    expect(tunnels).toEqual(["registry.example:443"]);
    expect(seen.requests).toBe(2);
  });

  test("uses HTTP_PROXY for plain HTTP", async () => {
    const proxy = await serveInTurn(answer(200, "proxied"));
    const exchange = createNetwork({ environment: { HTTP_PROXY: proxy.origin } });
    const response = await createFetch({ mirrors: [], exchange })("http://charts.example/index.yaml");
    expect(await response.text()).toBe("proxied");
    expect(proxy.requests).toEqual(["GET http://charts.example/index.yaml"]);
  });

  test("names a proxy that does not answer, and one that refuses", async () => {
    const gone = createServer(answer(500));
    const port = await listen(gone);
    await new Promise((closed) => gone.close(closed));
    const refusing = createServer(answer(500)).on("connect", (_request, socket) => {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    });
    const refusingPort = await listen(refusing);
    const failureWith = async (environment: Record<string, string>, url: string) => {
      const fetch = createFetch({ environment, retry: { ...jumpingClock(), attempts: 1 } });
      return fetch(url).then(
        () => "",
        (error: unknown) => (error instanceof Error ? error.message : ""),
      );
    };
    expect(
      await failureWith({ HTTPS_PROXY: `http://user:secret@127.0.0.1:${port}` }, "https://r.example/v2/"),
    ).toBe(
      `GET https://r.example/v2/ got no answer: the proxy http://127.0.0.1:${port} (HTTPS_PROXY) does not answer (ECONNREFUSED). Check that it can be reached from this machine.`,
    );
    expect(await failureWith({ HTTP_PROXY: `127.0.0.1:${port}` }, "http://r.example/v2/")).toContain(
      `the proxy http://127.0.0.1:${port} (HTTP_PROXY) does not answer`,
    );
    expect(await failureWith({ HTTPS_PROXY: "http://proxy.invalid:3128" }, "https://r.example/")).toContain(
      "the proxy http://proxy.invalid:3128 (HTTPS_PROXY) does not answer (",
    );
    expect(
      await failureWith({ HTTPS_PROXY: `http://127.0.0.1:${refusingPort}` }, "https://r.example/"),
    ).toContain(`the proxy http://127.0.0.1:${refusingPort} (HTTPS_PROXY) answered 407`);
  });

  test("does not wait forever, neither for a response nor within one", async () => {
    const server = await serveInTurn(
      () => {},
      (_request, response) => void response.write("begun"),
    );
    const exchange = createNetwork({ timeouts: { answer: 30, body: 30 } });
    const fetch = createFetch({ mirrors: [], exchange, retry: { ...jumpingClock(), attempts: 1 } });
    await expect(fetch(server.origin)).rejects.toThrow(/got no answer: Headers Timeout/);
    const begun = await fetch(server.origin);
    await expect(begun.text()).rejects.toThrow("terminated");
  });

  test("refuses response headers of more than 64 KiB", async () => {
    const origin = await serve((request) => {
      const { socket } = request;
      const more = () => {
        while (socket.writable && socket.write(`x-${"y".repeat(1000)}: ${"z".repeat(10_000)}\r\n`));
      };
      socket.write("HTTP/1.1 200 OK\r\n");
      socket.on("drain", more);
      more();
    });
    const fetch = createFetch({ mirrors: [], retry: { ...jumpingClock(), attempts: 1 } });
    await expect(fetch(origin)).rejects.toThrow(/got no answer: Headers Overflow/);
  });
});
