import { describe, expect, test } from "@jest/globals";
import type { Authentication } from "../../src/index.ts";
import { codeOf, digestOf, manifestOf, pushBlob, pushImage, withRegistry } from "./client.ts";

const users = { ann: "secret" };
const basic = { authorization: `Basic ${Buffer.from("ann:secret").toString("base64")}` };
const bearer: Authentication = { scheme: "bearer", users };
const upload = (origin: string, repository = "site") => `${origin}/v2/${repository}/blobs/uploads/`;

/** A bearer token for the given scopes. */
async function tokenFor(
  origin: string,
  headers: Record<string, string>,
  ...scopes: string[]
): Promise<string> {
  const query = new URLSearchParams({ service: "sandbox" });
  for (const scope of scopes) query.append("scope", scope);
  return Object(await (await fetch(`${origin}/token?${query}`, { headers })).json()).token;
}

describe("with Basic authentication", () => {
  test("a request without a password is refused with a challenge", () =>
    withRegistry(
      async ({ origin }) => {
        const wrong = { authorization: `Basic ${Buffer.from("ann:wrong").toString("base64")}` };
        for (const headers of [{}, wrong]) {
          const response = await fetch(`${origin}/v2/`, { headers });
          expect(response.status).toBe(401);
          expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
        }
        expect((await fetch(`${origin}/v2/`, { headers: basic })).status).toBe(200);
        expect((await fetch(upload(origin), { method: "POST", headers: basic })).status).toBe(202);
      },
      { authentication: { scheme: "basic", users } },
    ));

  test("a user without permission is refused", () =>
    withRegistry(
      async ({ origin }) => {
        const response = await fetch(upload(origin), { method: "POST", headers: basic });
        expect([response.status, await codeOf(response)]).toEqual([403, "DENIED"]);
        expect((await fetch(`${origin}/v2/site/tags/list`)).status).toBe(404);
      },
      { authentication: { scheme: "basic", users, permits: (_user, action) => action === "pull" } },
    ));
});

describe("where the password alone identifies the user", () => {
  test("the user name does not matter", () =>
    withRegistry(
      async ({ origin }) => {
        const asAnybody = (password: string) => ({
          authorization: `Basic ${Buffer.from(`anybody:${password}`).toString("base64")}`,
        });
        const post = async (password: string) =>
          (await fetch(upload(origin), { method: "POST", headers: asAnybody(password) })).status;
        expect([await post("job-1"), await post("job-2"), await post("job-3")]).toEqual([202, 403, 401]);
      },
      {
        authentication: {
          scheme: "basic",
          users: {},
          identify: (_user, password) => (/^job-[12]$/.test(password) ? password : undefined),
          permits: (user) => user === "job-1",
        },
      },
    ));
});

describe("with bearer tokens", () => {
  test("the challenge names the scope of the token, a mount's source included", () =>
    withRegistry(
      async ({ origin }) => {
        const response = await fetch(`${upload(origin)}?mount=${digestOf("x")}&from=other/site`, {
          method: "POST",
        });
        expect(response.headers.get("www-authenticate")).toBe(
          `Bearer realm="${origin}/token",service="sandbox",scope="repository:site:pull,push",scope="repository:other/site:pull"`,
        );
      },
      { authentication: bearer },
    ));

  test("a token grants its scope and no more", () =>
    withRegistry(
      async ({ origin }) => {
        const token = await tokenFor(origin, basic, "repository:site:pull,push");
        const headers = { authorization: `Bearer ${token}` };
        expect((await fetch(upload(origin), { method: "POST", headers })).status).toBe(202);
        const elsewhere = await fetch(upload(origin, "other"), { method: "POST", headers });
        expect(elsewhere.status).toBe(401);
        expect(elsewhere.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
      },
      { authentication: bearer },
    ));

  test("a token expires", async () => {
    let now = 1_000_000;
    await withRegistry(
      async (registry) => {
        const { origin } = registry;
        const token = await tokenFor(origin, basic, "repository:site:pull");
        const read = () =>
          fetch(`${origin}/v2/site/tags/list`, { headers: { authorization: `Bearer ${token}` } });
        expect((await read()).status).toBe(404);
        now += 60_000;
        const late = await read();
        expect(late.status).toBe(401);
        expect(late.headers.get("www-authenticate")).toContain('error="invalid_token"');
      },
      { authentication: bearer, now: () => now },
    );
  });

  test("every token can be invalidated", () =>
    withRegistry(
      async (registry) => {
        const headers = { authorization: `Bearer ${await tokenFor(registry.origin, basic)}` };
        expect((await fetch(`${registry.origin}/v2/`, { headers })).status).toBe(200);
        registry.expireTokens();
        expect((await fetch(`${registry.origin}/v2/`, { headers })).status).toBe(401);
      },
      { authentication: bearer },
    ));

  test("a wrong password gets no token, and an anonymous token grants nothing by default", () =>
    withRegistry(
      async ({ origin }) => {
        const wrong = { authorization: `Basic ${Buffer.from("ann:wrong").toString("base64")}` };
        expect((await fetch(`${origin}/token`, { headers: wrong })).status).toBe(401);
        const headers = { authorization: `Bearer ${await tokenFor(origin, {}, "repository:site:pull")}` };
        expect((await fetch(`${origin}/v2/site/tags/list`, { headers })).status).toBe(401);
      },
      { authentication: bearer },
    ));

  test("the OAuth2 form exchanges a password for a refresh token, and that for another token", () =>
    withRegistry(
      async ({ origin }) => {
        const exchange = async (form: Record<string, string>) => {
          const body = new URLSearchParams({
            service: "sandbox",
            scope: "repository:site:pull,push",
            ...form,
          });
          const response = await fetch(`${origin}/token`, { method: "POST", body });
          return { status: response.status, ...Object(await response.json()) };
        };
        const password = {
          grant_type: "password",
          username: "ann",
          password: "secret",
          access_type: "offline",
        };
        const { refresh_token } = await exchange(password);
        const { access_token } = await exchange({ grant_type: "refresh_token", refresh_token });
        const headers = { authorization: `Bearer ${access_token}` };
        expect((await fetch(upload(origin), { method: "POST", headers })).status).toBe(202);
        expect(await exchange({ ...password, password: "wrong" })).toMatchObject({ status: 401 });
        expect(await exchange({ grant_type: "refresh_token", refresh_token: "x" })).toMatchObject({
          status: 401,
        });
      },
      { authentication: bearer },
    ));
});

test("a read-only registry refuses every write", () =>
  withRegistry(
    async ({ origin }) => {
      const response = await fetch(upload(origin), { method: "POST" });
      expect([response.status, await codeOf(response)]).toEqual([405, "UNSUPPORTED"]);
      expect((await fetch(`${origin}/v2/`)).status).toBe(200);
    },
    { readOnly: true },
  ));

describe("a pull-through repository", () => {
  const anonymousReads: Authentication = {
    scheme: "bearer",
    users,
    permits: (_user, action) => action === "pull",
  };

  test("is filled from its origin, and then served without it", () =>
    withRegistry(async (origin) => {
      await pushImage(origin, "spinframework/spin", "4.0", "{}");
      await withRegistry(
        async (local) => {
          const read = (path: string) => fetch(`${local.origin}/v2/spinframework/spin/${path}`);
          expect(await (await read("manifests/4.0")).text()).toBe(manifestOf("{}"));
          expect(await (await read(`blobs/${digestOf("{}")}`)).text()).toBe("{}");
          const asked = origin.requests.length;
          await origin.close();
          expect((await read(`manifests/${digestOf(manifestOf("{}"))}`)).status).toBe(200);
          expect((await read(`blobs/${digestOf("{}")}`)).status).toBe(200);
          expect(asked).toBe(4); // the two pushes and the two reads
          const moving = await read("manifests/4.0"); // only the origin knows where a tag points now
          expect([moving.status, await codeOf(moving)]).toEqual([502, "UNKNOWN"]);
        },
        { pullThrough: [{ prefix: "spinframework", origin: origin.origin }] },
      );
    }));

  test("uses the anonymous token that its origin requires", () =>
    withRegistry(
      async (origin) =>
        withRegistry(
          async (local) => {
            const response = await fetch(`${local.origin}/v2/spinframework/spin/manifests/4.0`);
            expect([response.status, await codeOf(response)]).toEqual([404, "NAME_UNKNOWN"]);
            expect(origin.requests.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
              "manifest 401",
              "token 200",
              "manifest 404",
            ]);
          },
          { pullThrough: [{ prefix: "spinframework/spin", origin: origin.origin }] },
        ),
      { authentication: anonymousReads },
    ));

  test("cannot be written to, and does not include its neighbours", () =>
    withRegistry(
      async (local) => {
        const refused = await fetch(upload(local.origin, "spinframework/spin"), { method: "POST" });
        expect(refused.status).toBe(405);
        await pushBlob(local, "spinframework-fork/spin", "{}");
      },
      { pullThrough: [{ prefix: "spinframework", origin: "http://127.0.0.1:1" }] },
    ));

  test("does not serve content that differs from its digest", async () => {
    const lie = async () => new Response("something else", { headers: { "content-type": "x/y" } });
    await withRegistry(
      async ({ origin }) => {
        for (const path of [`blobs/${digestOf("{}")}`, `manifests/${digestOf("{}")}`]) {
          const response = await fetch(`${origin}/v2/base/${path}`);
          expect([response.status, await codeOf(response)]).toEqual([502, "UNKNOWN"]);
        }
      },
      { pullThrough: [{ prefix: "base", origin: "http://base.invalid", fetch: lie }] },
    );
  });
});
