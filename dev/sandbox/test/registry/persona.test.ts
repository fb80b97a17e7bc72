import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { personas, probeRegistry } from "../../src/index.ts";
import { codeOf, digestOf, manifestOf, pushBlob, pushImage, putManifest, withRegistry } from "./client.ts";

const { distribution, ghcr, harbor, zot } = personas;
const users = { ann: "secret" };

describe("a persona answers like the recorded program", () => {
  test.each([
    ["distribution-2.8.2", distribution, {}],
    // zot takes this tag, which the specification forbids
    ["zot-2.1.20", zot, { "manifest under an illegal tag": "400 TAG_INVALID" }],
  ])("%s", (record, persona, knowinglyDifferent) =>
    withRegistry(
      async ({ origin }) => {
        const file = new URL(`recorded/${record}.json`, import.meta.url);
        const recorded = JSON.parse(await readFile(file, "utf8"));
        expect(await probeRegistry(origin, "probe")).toEqual({ ...recorded, ...knowinglyDifferent });
      },
      { persona },
    ),
  );
});

describe("ghcr", () => {
  test("accepts chunks up to 4 MiB, at its own upload address", () =>
    withRegistry(
      async ({ origin }) => {
        const started = await fetch(`${origin}/v2/owner/site/blobs/uploads/`, { method: "POST" });
        const address = started.headers.get("location") ?? "";
        expect(address).toMatch(/^\/v2\/owner\/site\/blobs\/upload\/[0-9a-f-]{36}$/);
        const patch = (size: number) =>
          fetch(origin + address, {
            method: "PATCH",
            headers: { "content-range": `0-${size - 1}` },
            body: new Uint8Array(size),
          });
        const refused = await patch((4 << 20) + 1);
        expect([refused.status, await codeOf(refused)]).toEqual([416, "REQUESTED_RANGE_NOT_SATISFIABLE"]);
        expect((await patch(4 << 20)).status).toBe(202);
        const elsewhere = address.replace("/blobs/upload/", "/blobs/uploads/");
        expect((await fetch(origin + elsewhere)).status).toBe(404);
      },
      { persona: ghcr },
    ));

  test("denies without asking for another token", () =>
    withRegistry(
      async ({ origin }) => {
        const wrong = { authorization: `Basic ${Buffer.from("ann:wrong").toString("base64")}` };
        const refused = await fetch(`${origin}/token`, { headers: wrong });
        expect([refused.status, await codeOf(refused)]).toEqual([403, "DENIED"]);
        const right = { authorization: `Basic ${Buffer.from("ann:secret").toString("base64")}` };
        const granted = await fetch(`${origin}/token?scope=repository:owner/site:pull,push`, {
          headers: right,
        });
        const headers = { authorization: `Bearer ${Object(await granted.json()).token}` };
        const upload = await fetch(`${origin}/v2/other/site/blobs/uploads/`, { method: "POST", headers });
        expect([upload.status, await codeOf(upload)]).toEqual([403, "DENIED"]);
      },
      { persona: ghcr, authentication: { scheme: "bearer", users } },
    ));
});

describe("Harbor", () => {
  test("accepts a release tag once, even with the same content, and other tags again", () =>
    withRegistry(
      async (registry) => {
        const manifest = manifestOf("{}");
        for (const content of ["{}", "[]"]) {
          const digest = digestOf(content);
          const started = await fetch(`${registry.origin}/v2/project/site/blobs/uploads/`, {
            method: "POST",
          });
          const address = started.headers.get("location") ?? "";
          expect(address).toContain("_state=");
          await fetch(`${address}&digest=${digest}`, { method: "PUT", body: content });
        }
        expect((await putManifest(registry, "project/site", "0.1.2", manifest)).status).toBe(201);
        const again = await putManifest(registry, "project/site", "0.1.2", manifest);
        expect([again.status, await again.json()]).toEqual([
          412,
          {
            errors: [
              {
                code: "PRECONDITION",
                message: "Failed to process request due to 'site:0.1.2' configured as immutable.",
              },
            ],
          },
        ]);
        for (const content of ["{}", "[]"]) {
          const response = await putManifest(registry, "project/site", "latest", manifestOf(content));
          expect(response.status).toBe(201);
        }
      },
      { persona: harbor },
    ));

  test("answers 401 to a mount from a repository that does not exist", () =>
    withRegistry(
      async ({ origin }) => {
        const query = `mount=${digestOf("x")}&from=other/site`;
        const response = await fetch(`${origin}/v2/project/site/blobs/uploads/?${query}`, { method: "POST" });
        expect([response.status, await codeOf(response)]).toEqual([401, "UNAUTHORIZED"]);
      },
      { persona: harbor },
    ));
});

test("zot does not say which content is missing", () =>
  withRegistry(
    async (registry) => {
      await pushBlob(registry, "site", "{}");
      const response = await putManifest(registry, "site", "1", manifestOf("absent"));
      expect([response.status, JSON.stringify(await response.json())]).toEqual([
        400,
        expect.not.stringContaining("sha256:"),
      ]);
      await pushImage(registry, "site", "1", "{}");
    },
    { persona: zot },
  ));
