import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { createFetch, createNetwork } from "@spin-publisher/http";
import {
  createRegistryClient,
  type Descriptor,
  digestOf,
  mediaTypes,
  type RegistryClientOptions,
} from "../src/index.ts";
import { layer, manifest, publishOnce, quick, site } from "./fixtures.ts";
import { hostile } from "./hostile-server.ts";

/** Writes until nobody listens any more. */
function endless(chunk: string | Buffer): (response: Parameters<RequestListener>[1]) => void {
  return (response) => {
    const more = () => {
      while (response.writable && response.write(chunk));
    };
    response.on("drain", more);
    more();
  };
}

const client = (options: RegistryClientOptions = {}) => createRegistryClient({ retry: quick, ...options });
const reference = (host: string) => ({ registry: host, name: "o/site", tag: "1" });
const mebibyte = "x".repeat(1 << 20);

describe("a hostile registry", () => {
  test("that sends an endless manifest is abandoned after four mebibytes", async () => {
    const server = await hostile((_request, response) => endless(mebibyte)(response.writeHead(200)));
    await expect(client().manifest(reference(server.host))).rejects.toThrow("is larger than 4194304 bytes");
  });

  test.each([
    ["by its digest", { digest: digestOf("another") }, {}],
    ["by a tag, below a header that lies", { tag: "1" }, { "docker-content-digest": digestOf("another") }],
  ])(
    "that sends another manifest than the one requested %s is asked twice more, then abandoned",
    async (_name, which, headers) => {
      const { bytes } = site("a").root;
      const server = await hostile((_request, response) => {
        response.writeHead(200, { "content-type": mediaTypes.manifest, ...headers }).end(bytes);
      });
      const asked = client().manifest({ registry: server.host, name: "o/site", ...which });
      await expect(asked).rejects.toThrow(`does not match ${digestOf("another")} and was discarded`);
      expect(server.requests).toBe(3);
    },
  );

  test("that sends an endless refusal is quoted briefly and abandoned", async () => {
    const server = await hostile((_request, response) => endless(mebibyte)(response.writeHead(418)));
    await expect(client().manifest(reference(server.host))).rejects.toThrow(
      /^127\.0\.0\.1:\d+ refused to show .{300,500}$/,
    );
  });

  test("that sends endless headers is abandoned", async () => {
    const server = await hostile(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const more = () => {
        while (socket.writable && socket.write(`x-header: ${"y".repeat(10_000)}\r\n`));
      };
      socket.on("drain", more);
      more();
    });
    await expect(client().manifest(reference(server.host))).rejects.toThrow("Headers Overflow");
  });

  test("that redirects forever is abandoned after five redirects", async () => {
    const server = await hostile(
      (request, response) => void response.writeHead(307, { location: `${request.url}x` }).end(),
    );
    await expect(client().manifest(reference(server.host))).rejects.toThrow("redirects more than 5 times");
    expect(server.requests).toBe(6);
  });

  test("that stops before the declared length is retried, then abandoned", async () => {
    const server = await hostile((_request, response) => {
      response.writeHead(200, { "content-length": "1000" }).write("{");
      setImmediate(() => response.destroy());
    });
    await expect(client().manifest(reference(server.host))).rejects.toThrow(/got no answer|terminated/);
    expect(server.requests).toBe(6);
  });

  test("that never answers is abandoned after the timeout", async () => {
    const server = await hostile(() => {});
    const fetch = createFetch({
      mirrors: [],
      retry: { ...quick, attempts: 2 },
      exchange: createNetwork({ timeouts: { answer: 20 } }),
    });
    await expect(client({ fetch }).manifest(reference(server.host))).rejects.toThrow("Headers Timeout");
    expect(server.requests).toBe(2);
  });

  test("that sends a byte at a time is abandoned after the deadline", async () => {
    const server = await hostile((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(drip));
    });
    const fetch = createFetch({ mirrors: [], retry: { ...quick, attempts: 1, deadline: 60 } });
    await expect(client({ fetch }).manifest(reference(server.host))).rejects.toThrow("it took too long");
  });

  test.each([
    ["brackets without end", "[".repeat(4 << 20)],
    ["objects in objects", '{"a":'.repeat(700_000)],
    ["a page", "<html>"],
  ])("whose manifest is %s ends in a clear error", async (_name, body) => {
    const server = await hostile(
      (_request, response) => void response.writeHead(200, { "content-type": mediaTypes.manifest }).end(body),
    );
    await expect(client().manifest(reference(server.host))).rejects.toThrow(
      /is not (?:valid: it is not JSON|JSON but a web page)/,
    );
  });

  test("whose challenge leads to an endless token is abandoned", async () => {
    const server = await hostile((request, response) => {
      if (request.url?.startsWith("/token") === true) return endless(mebibyte)(response.writeHead(200));
      const challenge = `Bearer realm="http://${request.headers.host}/token"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
    });
    await expect(client().manifest(reference(server.host))).rejects.toThrow("is larger than 131072 bytes");
  });

  test.each(["{}", '{"token":7}', '{"token":"line\\nbreak"}', "[]"])(
    "whose token is %s ends in a clear error",
    async (token) => {
      const server = await hostile((request, response) => {
        if (request.url?.startsWith("/token") === true) return void response.end(token);
        const challenge = `Bearer realm="http://${request.headers.host}/token"`;
        response.writeHead(401, { "www-authenticate": challenge }).end();
      });
      await expect(client().manifest(reference(server.host))).rejects.toThrow("answered without a token");
    },
  );

  test("that demands token after token is abandoned", async () => {
    const server = await hostile((request, response) => {
      if (request.url?.startsWith("/token") === true)
        return void response.end(`{"token":"t${Math.random()}"}`);
      const challenge = `Bearer realm="http://${request.headers.host}/token",error="invalid_token"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
    });
    await expect(client().manifest(reference(server.host))).rejects.toThrow("401");
    expect(server.requests).toBe(5);
  });

  test("whose list of tags never ends is abandoned", async () => {
    const server = await hostile((_request, response) => {
      response
        .writeHead(200, { link: '</v2/o/site/tags/list?n=1&last=x>; rel="next"' })
        .end('{"tags":["x","not a tag"]}');
    });
    await expect(client().tags({ registry: server.host, name: "o/site" })).rejects.toThrow(
      "returned more than 100 pages of tags",
    );
    expect(server.requests).toBe(100);
  });
});

describe("a hostile blob", () => {
  const descriptor: Descriptor = { mediaType: "application/x", digest: digestOf("right"), size: 5 };
  const read = (host: string, limit = 1000) =>
    client().blob({ registry: host, name: "o/site" }, descriptor, limit);
  const stream = async (host: string) => {
    const body = await client().blobStream({ registry: host, name: "o/site" }, descriptor);
    let received = "";
    for await (const chunk of body) received += Buffer.from(chunk).toString();
    return received;
  };

  test("is not requested if its descriptor says that it is too large", async () => {
    const server = await hostile((_request, response) => void response.end("right"));
    await expect(read(server.host, 4)).rejects.toThrow("has 5 bytes, but at most 4 are accepted here");
    expect(server.requests).toBe(0);
  });

  test.each<[string, (response: Parameters<RequestListener>[1]) => void, string]>([
    ["without end", (response) => endless(mebibyte)(response.writeHead(200)), "is larger than 5 bytes"],
    ["of another content", (response) => void response.end("wrong"), "does not match sha256:"],
    ["that is shorter", (response) => void response.end("righ"), "does not match sha256:"],
    ["that is longer", (response) => void response.end("right!"), "is larger than 5 bytes"],
    [
      "that unpacks to a bomb",
      (response) =>
        void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(64 << 20))),
      "is larger than 5 bytes",
    ],
  ])("%s is not accepted", async (_name, answer, message) => {
    const server = await hostile((_request, response) => answer(response));
    await expect(read(server.host)).rejects.toThrow(message);
    await expect(stream(server.host)).rejects.toThrow("does not match sha256:");
  });

  test("that matches is accepted, however it is split into chunks", async () => {
    const server = await hostile(async (_request, response) => {
      response.writeHead(200);
      for (const letter of "right") {
        response.write(letter);
        await new Promise(setImmediate);
      }
      response.end();
    });
    expect(await stream(server.host)).toBe("right");
    expect(Buffer.from(await read(server.host)).toString()).toBe("right");
  });
});

describe("a hostile upload location", () => {
  test("on another host receives the bytes without credentials", async () => {
    const store = new Map<string, unknown>();
    const elsewhere = await hostile((request, response) => {
      store.set("authorization", request.headers.authorization);
      request.resume().on("end", () => response.writeHead(201).end());
    });
    const server = await hostile((request, response) => {
      if (request.headers.authorization === undefined) {
        return void response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      }
      if (request.method === "POST") {
        return void response.writeHead(202, { location: `http://${elsewhere.host}/signed?x=1` }).end();
      }
      request.resume().on("end", () => {
        response.writeHead(request.method === "PUT" ? 201 : 404).end();
      });
    });
    const credentials = async () => ({ kind: "basic", username: "grace", password: "hopper" }) as const;
    await publishOnce(site("a"), {
      repository: { registry: server.host, name: "o/site" },
      tag: "1",
      credentials,
    });
    expect(elsewhere.requests).toBe(2);
    expect(store.get("authorization")).toBeUndefined();
  });

  test("that loses every upload is abandoned after five", async () => {
    let opened = 0;
    const server = await hostile((request, response) => {
      if (request.method === "POST") {
        opened += 1;
        return void response.writeHead(202, { location: `/v2/o/site/blobs/uploads/${opened}` }).end();
      }
      request.resume().on("end", () => {
        response.writeHead(404).end('{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"gone"}]}');
      });
    });
    const artifact = { root: manifest([layer("x".repeat(10_000))]) };
    await expect(
      publishOnce(artifact, { repository: { registry: server.host, name: "o/site" }, tag: "1" }),
    ).rejects.toThrow(
      /refused to take .*404 BLOB_UPLOAD_UNKNOWN gone\. The registry refused an upload that it had opened itself/,
    );
    expect(opened).toBe(5);
  });

  test("that lacks content however often it is sent is abandoned after five writes", async () => {
    let writes = 0;
    const server = await hostile((request, response) => {
      request.resume().on("end", () => {
        if (request.method === "POST") return void response.writeHead(201).end();
        if (request.method !== "PUT") return void response.writeHead(404).end();
        writes += 1;
        response.writeHead(404).end('{"errors":[{"code":"BLOB_UNKNOWN","message":"unknown blob"}]}');
      });
    });
    await expect(
      publishOnce(site("a"), { repository: { registry: server.host, name: "o/site" }, tag: "1" }),
    ).rejects.toThrow(/refused to write .*404 BLOB_UNKNOWN unknown blob/);
    expect(writes).toBe(5);
  });
});
