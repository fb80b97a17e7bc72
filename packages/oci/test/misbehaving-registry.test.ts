import type { RequestListener } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { faultOn, type RequestRecord } from "@spin-publisher/sandbox";
import type { PublishEvent } from "../src/index.ts";
import { layer, manifest, publishOnce, quick, registry, site } from "./fixtures.ts";
import { hostile } from "./hostile-server.ts";

type Answer = Parameters<RequestListener>[1];
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** A registry of a few lines, which keeps what it takes; `answer` answers what it does not want answered the usual way. */
async function smallRegistry(
  answer: (asked: Asked, response: Answer, store: Map<string, Buffer>) => boolean,
) {
  const store = new Map<string, Buffer>();
  const asked: string[] = [];
  const server = await hostile((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url: path = "" } = request;
      const body = Buffer.concat(chunks);
      asked.push(`${method} ${path.replace(/[?].*/, "")}`);
      if (answer({ method, path, body }, response, store)) return;
      const digest = /sha256(?::|%3A)[0-9a-f]{64}/.exec(path)?.[0].replace("%3A", ":");
      const key = digest ?? path;
      if (method === "POST") {
        response.writeHead(202, { location: "/v2/o/site/blobs/uploads/1" }).end();
      } else if (method === "PUT") {
        store.set(key, body);
        response.writeHead(201).end();
      } else {
        const found = store.get(key);
        response.writeHead(found === undefined ? 404 : 200, { "content-length": found?.length ?? 0 });
        response.end(method === "GET" ? found : undefined);
      }
    });
  });
  return { server, store, asked, repository: { registry: server.host, name: "o/site" } };
}

const isBlobPut = ({ method, path }: Asked) => method === "PUT" && path.includes("/blobs/");
const artifact = { root: manifest([layer("x".repeat(20_000))]) };

describe("the PUT of a blob that is answered with", () => {
  test.each([200, 202, 204])("%d counts if a HEAD finds the blob", async (status) => {
    const { repository, asked, store } = await smallRegistry((request, response, kept) => {
      if (!isBlobPut(request)) return false;
      kept.set(artifact.root.blobs[0]?.descriptor.digest ?? "", request.body);
      response.writeHead(status).end();
      return true;
    });
    expect(await publishOnce(artifact, { repository, tag: "1", immutable: false })).toMatchObject({
      changed: true,
    });
    expect(store.get(artifact.root.blobs[0]?.descriptor.digest ?? "")).toHaveLength(20_000);
    expect(asked.filter((request) => request.startsWith("HEAD /v2/o/site/blobs/"))).toHaveLength(2);
  });

  test.each([200, 202, 204])("%d is an error if it does not", async (status) => {
    const { repository } = await smallRegistry((request, response) => {
      if (!isBlobPut(request)) return false;
      response.writeHead(status).end();
      return true;
    });
    await expect(publishOnce(artifact, { repository, tag: "1" })).rejects.toThrow(
      `confirmed the upload of ${artifact.root.blobs[0]?.descriptor.digest} with ${status}, but does not have it`,
    );
  });
});

describe("an upload", () => {
  /** With the real delays: an error of this kind must be there within ten seconds. */
  const impatient = { tag: "1", retry: {} };

  test("that is sent to an address where nothing listens ends soon, naming both", async () => {
    const { repository } = await smallRegistry(({ method }, response) => {
      if (method !== "POST") return false;
      response.writeHead(202, { location: "http://127.0.0.1:65529/v2/o/site/blobs/uploads/1" }).end();
      return true;
    });
    await expect(publishOnce(artifact, { repository, ...impatient })).rejects.toThrow(
      `${repository.registry} opened an upload at http://127.0.0.1:65529, where nothing answers (ECONNREFUSED). Correct the address that the registry has for itself`,
    );
  }, 10_000);

  test.each([301, 302, 303])(
    "that is redirected with %d names the address to use",
    async (status) => {
      const { repository, asked } = await smallRegistry(({ method }, response) => {
        if (method !== "POST") return false;
        response
          .writeHead(status, { location: "https://new.example/v2/o/site/blobs/uploads/?x=secret" })
          .end();
        return true;
      });
      const failed = publishOnce(artifact, { repository, ...impatient });
      await expect(failed).rejects.toThrow(
        `refused to open an upload to ${repository.registry}/o/site: ${status} redirects to https://new.example/v2/o/site/blobs/uploads/. The registry does not take writes at this address: use the address that it redirects to.`,
      );
      expect(asked.filter((request) => request.startsWith("POST"))).toHaveLength(1);
    },
    10_000,
  );

  test("that is redirected to another host, which refuses it, names that host", async () => {
    const { server: other } = await smallRegistry((_request, response) => {
      response.writeHead(401, { "www-authenticate": "Basic" }).end();
      return true;
    });
    const { repository } = await smallRegistry(({ method, path }, response) => {
      if (method !== "POST") return false;
      response.writeHead(307, { location: `http://${other.host}${path}` }).end();
      return true;
    });
    await expect(publishOnce(artifact, { repository, ...impatient })).rejects.toThrow(
      `401 from http://${other.host}, where it redirects to.`,
    );
  }, 10_000);

  test.each([400, 404, 405, 416, 501])("whose PUT takes no body (%d) is sent with PATCH", async (status) => {
    let patched = Buffer.alloc(0);
    const { repository, store } = await smallRegistry((request, response) => {
      if (request.method === "PATCH") {
        patched = Buffer.concat([patched, request.body]);
        response.writeHead(202, { location: "/v2/o/site/blobs/uploads/2" }).end();
        return true;
      }
      if (!isBlobPut(request)) return false;
      if (request.body.length > 0) response.writeHead(status).end();
      else {
        store.set(artifact.root.blobs[0]?.descriptor.digest ?? "", patched);
        response.writeHead(201).end();
      }
      return true;
    });
    expect(await publishOnce(artifact, { repository, tag: "1", immutable: false })).toMatchObject({
      changed: true,
    });
    expect(patched).toHaveLength(20_000);
  });

  test("that is refused in every form ends soon, with the answer to the whole body", async () => {
    const { repository, asked } = await smallRegistry((request, response) => {
      if (request.method === "PATCH") response.writeHead(405).end();
      else if (isBlobPut(request)) {
        response.writeHead(400).end('{"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"chunked only"}]}');
      } else return false;
      return true;
    });
    const failed = publishOnce(artifact, { repository, ...impatient });
    await expect(failed).rejects.toThrow(/refused to take .*: 400 BLOB_UPLOAD_INVALID chunked only\./);
    await expect(failed).rejects.not.toThrow(/load balancer/);
    expect(asked.filter((request) => request.startsWith("POST"))).toHaveLength(5);
  }, 10_000);
});

describe("GitHub's secondary rate limit, a 403,", () => {
  const limit = {
    status: 403,
    headers: {},
    errors: [{ code: "DENIED", message: "You have exceeded a secondary rate limit. Please wait." }],
  };

  test.each<[string, (request: RequestRecord) => boolean]>([
    ["a GET", ({ method, kind }) => method === "GET" && kind === "manifest"],
    ["a POST", ({ method, kind }) => method === "POST" && kind === "upload"],
    ["a PUT", ({ method, kind }) => method === "PUT" && kind === "upload"],
    ["a manifest", ({ method, kind }) => method === "PUT" && kind === "manifest"],
  ])("is waited for on %s", async (_name, isAffected) => {
    const server = await registry();
    server.setFaults(faultOn(isAffected, { kind: "answer", reply: limit }, 3));
    const delays: number[] = [];
    const onEvent = (event: PublishEvent) => {
      if (event.kind === "retry") delays.push(event.delayMilliseconds);
    };
    const repository = { registry: server.host, name: "o/site" };
    const big = { root: manifest([layer("x".repeat(2 << 20))]) };
    expect(await publishOnce(big, { repository, tag: "1", onEvent })).toMatchObject({ changed: true });
    // Seconds, since the service did not say for how long.
    expect(delays).toEqual([1800, 3600, 7200]);
  });

  test("that remains is reported as such, with the time that was waited", async () => {
    const server = await registry();
    const isUpload = ({ method, kind }: RequestRecord) => method === "POST" && kind === "upload";
    server.setFaults(faultOn(isUpload, { kind: "answer", reply: limit }, 99));
    const failed = publishOnce(site("a"), {
      repository: { registry: server.host, name: "o/site" },
      tag: "1",
    });
    await expect(failed).rejects.toThrow(
      /403 DENIED You have exceeded a secondary rate limit\. Please wait\. The registry limits requests, and waiting \d+\.\d s in 12 attempts did not help\. Run the job again later/,
    );
  });

  test("with a longer wait than the deadline is not waited for, and says how long it asks for", async () => {
    const server = await registry();
    const isRead = ({ method, kind }: RequestRecord) => method === "GET" && kind === "manifest";
    const reply = { ...limit, status: 429, headers: { "retry-after": "3600" } };
    server.setFaults(faultOn(isRead, { kind: "answer", reply }, 99));
    const repository = { registry: server.host, name: "o/site" };
    await expect(publishOnce(site("a"), { repository, tag: "1", retry: quick })).rejects.toThrow(
      "The registry limits requests; it asks for another 3600.0 s, longer than a job should wait.",
    );
    expect(server.requests).toHaveLength(1);
  });
});
