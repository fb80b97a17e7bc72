import { X509Certificate } from "node:crypto";
import { connect } from "node:http2";
import { request } from "node:https";
import { describe, expect, test } from "@jest/globals";
import { faultOn, type RegistryServer } from "../../src/index.ts";
import { createIdentity } from "../../src/registry/certificate.ts";
import { digestOf, withRegistry } from "./client.ts";

interface Answer {
  readonly status: number;
  readonly text: string;
}

function overHttp1(registry: RegistryServer, path: string, method = "GET", body = ""): Promise<Answer> {
  return new Promise((done, failed) => {
    const ca = registry.certificate;
    request(registry.origin + path, { method, ca, agent: false }, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      done({ status: response.statusCode ?? 0, text });
    })
      .on("error", failed)
      .end(body);
  });
}

function overHttp2(registry: RegistryServer, path: string, method = "GET", body = ""): Promise<Answer> {
  return new Promise((done, failed) => {
    const session = connect(registry.origin, { ca: registry.certificate ?? "" });
    session.on("error", failed).on("close", () => failed(new Error("the session was closed")));
    const stream = session.request({ ":method": method, ":path": path }, { endStream: body === "" });
    let status = 0;
    let text = "";
    stream.on("response", (headers) => {
      status = Number(headers[":status"]);
    });
    stream.on("data", (chunk) => {
      text += chunk;
    });
    stream.on("error", failed).on("end", () => {
      done({ status, text });
      session.close();
    });
    if (body !== "") stream.end(body);
  });
}

describe.each([
  ["https", overHttp1],
  ["h2", overHttp1],
  ["h2", overHttp2],
] as const)("over %s", (protocol, ask) => {
  test(`a registry exchanges content with clients that trust its certificate (${ask.name})`, () =>
    withRegistry(
      async (registry) => {
        expect(registry.origin).toMatch(/^https:/);
        const digest = digestOf("content");
        const pushed = await ask(registry, `/v2/site/blobs/uploads/?digest=${digest}`, "POST", "content");
        expect(pushed.status).toBe(201);
        expect(await ask(registry, `/v2/site/blobs/${digest}`)).toEqual({ status: 200, text: "content" });
        expect(registry.requests.map(({ requestBytes }) => requestBytes)).toEqual([7, 0]);
      },
      { protocol },
    ));

  test(`its challenge and broken connections are the same as without TLS (${ask.name})`, () =>
    withRegistry(
      async (registry) => {
        expect((await ask(registry, "/v2/")).status).toBe(401);
        registry.setFaults(faultOn(() => true, { kind: "reset", when: "on-arrival" }));
        await expect(ask(registry, "/v2/")).rejects.toThrow();
        expect((await ask(registry, "/token")).status).toBe(200);
      },
      { protocol, authentication: { scheme: "bearer", users: {} } },
    ));
});

test("https does not offer HTTP/2", () =>
  withRegistry(
    async (registry) => {
      await expect(overHttp2(registry, "/v2/")).rejects.toThrow();
      expect((await overHttp1(registry, "/v2/")).status).toBe(200);
    },
    { protocol: "https" },
  ));

test("the certificate is for localhost and 127.0.0.1, valid from yesterday, and self-signed", () => {
  const { certificate, key } = createIdentity(new Date("2026-11-22T12:00:00Z"));
  const parsed = new X509Certificate(certificate);
  expect(parsed.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
  expect([parsed.validFromDate.toISOString(), parsed.validToDate.toISOString()]).toEqual([
    "2026-11-21T12:00:00.000Z",
    "2027-11-22T12:00:00.000Z",
  ]);
  expect([parsed.ca, parsed.checkIssued(parsed), parsed.verify(parsed.publicKey)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});
