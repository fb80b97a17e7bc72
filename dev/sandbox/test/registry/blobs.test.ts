import { describe, expect, test } from "@jest/globals";
import { codeOf, digestOf, pushBlob, withRegistry } from "./client.ts";

const content = "0123456789".repeat(200);
const digest = digestOf(content);

/** Begins an upload and returns the absolute address of its session. */
async function begin(origin: string, repository = "site"): Promise<string> {
  const response = await fetch(`${origin}/v2/${repository}/blobs/uploads/`, { method: "POST" });
  expect(response.status).toBe(202);
  return new URL(response.headers.get("location") ?? "", origin).href;
}

describe("a blob is accepted", () => {
  test("in one request, whose answer names its location", () =>
    withRegistry(async ({ origin }) => {
      const response = await fetch(`${origin}/v2/site/blobs/uploads/?digest=${digest}`, {
        method: "POST",
        body: content,
      });
      expect([response.status, response.headers.get("docker-content-digest")]).toEqual([201, digest]);
      const read = await fetch(new URL(response.headers.get("location") ?? "", origin));
      expect(await read.text()).toBe(content);
    }));

  test("by POST and PUT", () =>
    withRegistry(async ({ origin }) => {
      const session = await begin(origin);
      const response = await fetch(`${session}?digest=${digest}`, { method: "PUT", body: content });
      expect(response.status).toBe(201);
      expect(await (await fetch(`${origin}/v2/site/blobs/${digest}`)).text()).toBe(content);
    }));

  test("in chunks, the last of them with the PUT", () =>
    withRegistry(async ({ origin }) => {
      const session = await begin(origin);
      const first = await fetch(session, {
        method: "PATCH",
        headers: { "content-range": "0-499" },
        body: content.slice(0, 500),
      });
      expect([first.status, first.headers.get("range")]).toEqual([202, "0-499"]);
      const second = await fetch(`${session}?digest=${digest}`, {
        method: "PUT",
        headers: { "content-range": "500-1999" },
        body: content.slice(500),
      });
      expect(second.status).toBe(201);
    }));

  test("as a stream without a length", () =>
    withRegistry(async ({ origin }) => {
      const session = await begin(origin);
      const body = new Blob([content]).stream();
      expect((await fetch(session, { method: "PATCH", body, duplex: "half" })).status).toBe(202);
      expect((await fetch(`${session}?digest=${digest}`, { method: "PUT" })).status).toBe(201);
    }));

  test("with a sha512 digest, and empty", () =>
    withRegistry(async (registry) => {
      for (const [text, name] of [
        [content, digestOf(content, "sha512")],
        ["", digestOf("")],
      ]) {
        const url = `${registry.origin}/v2/site/blobs/uploads/?digest=${name}`;
        expect((await fetch(url, { method: "POST", body: text ?? "" })).status).toBe(201);
        expect(await (await fetch(`${registry.origin}/v2/site/blobs/${name}`)).text()).toBe(text);
      }
    }));

  test.each(["&from=other/site", ""])("from another repository (mount%s)", (from) =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "other/site", content);
      const url = `${registry.origin}/v2/site/blobs/uploads/?mount=${digest}${from}`;
      expect((await fetch(url, { method: "POST" })).status).toBe(201);
      expect((await fetch(`${registry.origin}/v2/site/blobs/${digest}`)).status).toBe(200);
    }),
  );

  test("as an ordinary upload where there is nothing to mount", () =>
    withRegistry(async ({ origin }) => {
      const url = `${origin}/v2/site/blobs/uploads/?mount=${digest}&from=other/site`;
      expect((await fetch(url, { method: "POST" })).status).toBe(202);
      expect((await fetch(`${origin}/v2/site/blobs/${digest}`)).status).toBe(404);
    }));
});

describe("a blob is refused", () => {
  test.each([
    ["in one request", async (origin: string) => `POST ${origin}/v2/site/blobs/uploads/?digest=${digest}`],
    ["by POST and PUT", async (origin: string) => `PUT ${await begin(origin)}?digest=${digest}`],
  ])("when its digest is not the announced one (%s)", (_way, request) =>
    withRegistry(async ({ origin }) => {
      const [method = "", url = ""] = (await request(origin)).split(" ");
      const response = await fetch(url, { method, body: "something else" });
      expect([response.status, await codeOf(response)]).toEqual([400, "DIGEST_INVALID"]);
      expect((await fetch(`${origin}/v2/site/blobs/${digest}`)).status).toBe(404);
    }),
  );

  test("when its digest is malformed", () =>
    withRegistry(async ({ origin }) => {
      for (const digest of ["sha256:baddigeststring", "md5:d41d8cd98f00b204e9800998ecf8427e", "x"]) {
        const response = await fetch(`${await begin(origin)}?digest=${digest}`, { method: "PUT" });
        expect([response.status, await codeOf(response)]).toEqual([400, "DIGEST_INVALID"]);
      }
    }));

  test("when a chunk does not follow the previous one; the upload reports its offset and can continue", () =>
    withRegistry(async ({ origin }) => {
      const session = await begin(origin);
      await fetch(session, { method: "PATCH", headers: { "content-range": "0-9" }, body: "0123456789" });
      for (const range of ["20-29", "0-9", "bytes 10-19", "10-18"]) {
        const response = await fetch(session, {
          method: "PATCH",
          headers: { "content-range": range },
          body: "0123456789",
        });
        expect([range, response.status]).toEqual([range, 416]);
      }
      const state = await fetch(session);
      expect([state.status, state.headers.get("range")]).toEqual([204, "0-9"]);
      const last = await fetch(`${session}?digest=${digest}`, { method: "PUT", body: content.slice(10) });
      expect(last.status).toBe(201);
    }));

  test("when its session was cancelled, has ended, belongs to another repository or never existed", () =>
    withRegistry(async ({ origin }) => {
      const cancelled = await begin(origin);
      expect((await fetch(cancelled, { method: "DELETE" })).status).toBe(204);
      const ended = await begin(origin);
      await fetch(`${ended}?digest=${digest}`, { method: "PUT", body: content });
      const foreign = (await begin(origin)).replace("/v2/site/", "/v2/other/");
      for (const session of [cancelled, ended, foreign, `${cancelled}0`]) {
        const response = await fetch(`${session}?digest=${digest}`, { method: "PUT", body: content });
        expect([response.status, await codeOf(response)]).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
      }
    }));
});

describe("a blob is read", () => {
  test.each([
    ["bytes=500-1499", 206, content.slice(500, 1500), "bytes 500-1499/2000"],
    ["bytes=500-", 206, content.slice(500), "bytes 500-1999/2000"],
    ["bytes=-500", 206, content.slice(-500), "bytes 1500-1999/2000"],
    ["bytes=1990-5000", 206, content.slice(1990), "bytes 1990-1999/2000"],
    ["lines=1-2", 200, content, null],
  ])("in part (%s)", (range, status, expected, contentRange) =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", content);
      const response = await fetch(`${registry.origin}/v2/site/blobs/${digest}`, { headers: { range } });
      expect([response.status, response.headers.get("content-range")]).toEqual([status, contentRange]);
      expect(await response.text()).toBe(expected);
    }),
  );

  test.each(["bytes=2000-", "bytes=500-400", "bytes=-0"])("not outside of its bytes (%s)", (range) =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", content);
      const response = await fetch(`${registry.origin}/v2/site/blobs/${digest}`, { headers: { range } });
      expect([response.status, response.headers.get("content-range")]).toEqual([416, "bytes */2000"]);
    }),
  );

  test("without its bytes by HEAD, and not at all where the client has it", () =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", content);
      const url = `${registry.origin}/v2/site/blobs/${digest}`;
      const head = await fetch(url, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "2000", ""]);
      const etag = head.headers.get("etag") ?? "";
      expect((await fetch(url, { headers: { "if-none-match": etag } })).status).toBe(304);
    }));
});

test("a deleted blob is gone, and cannot be deleted again", () =>
  withRegistry(async (registry) => {
    await pushBlob(registry, "site", content);
    const url = `${registry.origin}/v2/site/blobs/${digest}`;
    expect((await fetch(url, { method: "DELETE" })).status).toBe(202);
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(404);
  }));
