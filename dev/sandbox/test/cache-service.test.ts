import { afterEach, describe, expect, test } from "@jest/globals";
import { type CacheService, type CacheServiceOptions, startCacheService } from "../src/index.ts";

// The client that this has to please, @actions/cache, is run against it by the tests of setup-spin.

const open: CacheService[] = [];
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
});

async function service(options: CacheServiceOptions = {}) {
  const started = await startCacheService(options);
  open.push(started);
  const call = async (method: string, message: object, token = started.env.ACTIONS_RUNTIME_TOKEN) => {
    const response = await fetch(
      `${started.env.ACTIONS_RESULTS_URL}twirp/github.actions.results.api.v1.CacheService/${method}`,
      { method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(message) },
    );
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const save = async (key: string, version: string, content: string) => {
    const { body } = await call("CreateCacheEntry", { key, version });
    const { status } = await fetch(body.signed_upload_url, { method: "PUT", body: content });
    const finalized = await call("FinalizeCacheEntryUpload", {
      key,
      version,
      size_bytes: String(content.length),
    });
    return { status, finalized };
  };
  return { started, call, save };
}

describe("the cache service", () => {
  test("returns what was saved, for the same key and version only", async () => {
    const { call, save } = await service();
    expect(await save("key", "one", "content")).toMatchObject({
      status: 201,
      finalized: { body: { ok: true } },
    });

    const { body } = await call("GetCacheEntryDownloadURL", { key: "key", restore_keys: [], version: "one" });
    expect(body).toMatchObject({ ok: true, matched_key: "key" });
    expect(await (await fetch(body.signed_download_url)).text()).toBe("content");

    const other = await call("GetCacheEntryDownloadURL", { key: "key", restore_keys: [], version: "two" });
    expect(other.body.ok).toBe(false);
  });

  test("can be out of order for the requests that a test names", async () => {
    const { call, started } = await service({ fault: { answer: 500, to: /CreateCacheEntry/ } });
    expect((await call("CreateCacheEntry", { key: "key", version: "one" })).status).toBe(500);
    expect((await call("GetCacheEntryDownloadURL", { key: "key", version: "one" })).status).toBe(200);
    expect(started.requests).toHaveLength(2);
  });

  test("can take requests without ever answering them", async () => {
    const { call, started } = await service({ fault: { answer: "silence" } });
    const answer = call("CreateCacheEntry", { key: "key", version: "one" });
    while (started.requests.length === 0) await new Promise((soon) => setTimeout(soon, 1));
    await started.close();
    await expect(answer).rejects.toThrow("fetch failed");
  });

  test("never overwrites an entry", async () => {
    const { call, save } = await service();
    await save("key", "one", "content");
    expect(await call("CreateCacheEntry", { key: "key", version: "one" })).toMatchObject({
      status: 409,
      body: { code: "already_exists" },
    });
  });

  test("has no entry before it is finalized with its size", async () => {
    const { started, call } = await service();
    const { body } = await call("CreateCacheEntry", { key: "key", version: "one" });
    await fetch(body.signed_upload_url, { method: "PUT", body: "content" });
    const wrong = await call("FinalizeCacheEntryUpload", { key: "key", version: "one", size_bytes: "6" });
    expect(wrong.body.ok).toBe(false);
    expect(started.entries.size).toBe(0);
  });

  test.each([
    ["read", { ok: false, message: expect.stringMatching(/^cache write denied:/) }, { ok: false }],
    [
      "write-only",
      { ok: true },
      { code: "permission_denied", msg: expect.stringMatching(/^cache read denied:/) },
    ],
    ["none", { ok: false }, { code: "permission_denied" }],
  ] as const)("refuses what a token for %s may not do", async (mode, created, found) => {
    const { started, call } = await service({ mode });
    expect((await call("CreateCacheEntry", { key: "key", version: "one" })).body).toMatchObject(created);
    expect((await call("GetCacheEntryDownloadURL", { key: "key", version: "one" })).body).toMatchObject(
      found,
    );
    expect(started.env.ACTIONS_CACHE_MODE).toBe(mode);
  });

  test("refuses requests without its token", async () => {
    const { call } = await service();
    expect((await call("CreateCacheEntry", { key: "key", version: "one" }, "guess")).status).toBe(401);
    const { started } = await service();
    expect(
      (await fetch(`${started.env.ACTIONS_RESULTS_URL}account/container/download?signature=guess`)).status,
    ).toBe(404);
  });
});
