import { createServer } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { createFetch } from "@spin-publisher/http";
import { faultOn, type RegistryOptions } from "@spin-publisher/sandbox";
import { type Credential, createRegistryClient, inspectTarget, publish } from "../src/index.ts";
import { atTheEnd, layer, manifest, publishOnce, quick, registry, shim, site } from "./fixtures.ts";

const grace: Credential = { kind: "basic", username: "grace", password: "hopper" };
const users = { grace: "hopper" };
const everybodyReads: NonNullable<RegistryOptions["authentication"]>["permits"] = (user, action) =>
  action === "pull" || user !== undefined;

describe("a publication with tokens", () => {
  test("requests one token, for pushing, before anything else", async () => {
    const server = await registry({ authentication: { scheme: "bearer", users } });
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(shim("1"), {
      repository,
      tag: "1",
      aliases: ["latest", "stable"],
      credentials: async () => grace,
    });
    const tokens = server.requests.filter(({ kind }) => kind === "token");
    expect(tokens.map(({ path }) => new URL(path, server.origin).searchParams.getAll("scope"))).toEqual([
      ["repository:o/site:pull,push"],
    ]);
    // The three looks went out together, and each of them was refused once.
    expect(server.requests.filter(({ status }) => status === 401)).toHaveLength(3);
  });

  test("renews a token that expires in the middle", async () => {
    const server = await registry({ authentication: { scheme: "bearer", users } });
    const repository = { registry: server.host, name: "o/site" };
    const client = createRegistryClient({ credentials: async () => grace, retry: quick });
    const state = await inspectTarget(client, { repository, tag: "1", aliases: [] });
    server.expireTokens();
    expect(await publish(client, shim("1"), state, { immutable: true })).toMatchObject({ changed: true });
    expect(server.requests.filter(({ kind }) => kind === "token")).toHaveLength(2);
  });

  test("renews a token before it expires, so that nothing is refused", async () => {
    const server = await registry({ authentication: { scheme: "bearer", users, tokenSeconds: 300 } });
    let now = 0;
    const client = createRegistryClient({
      credentials: async () => grace,
      retry: { ...quick, now: () => now },
    });
    const reference = { registry: server.host, name: "o/site", tag: "1" };
    for (now of [0, 280_000, 291_000]) await client.manifest(reference);
    expect(server.requests.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      ...["manifest 401", "token 200", "manifest 404"],
      ...["manifest 404"],
      ...["token 200", "manifest 404"],
    ]);
  });

  test("includes the mount's source in the same token", async () => {
    const server = await registry({ authentication: { scheme: "bearer", users } });
    const credentials = async () => grace;
    const upstream = { registry: server.host, name: "spin/base" };
    const base = layer("base");
    await publishOnce({ root: manifest([base]) }, { repository: upstream, tag: "1", credentials });
    server.clearRequests();
    const mounting = { ...base, source: { kind: "repository" as const, repository: upstream } };
    const repository = { registry: server.host, name: "o/shim" };
    const report = await publishOnce(
      { root: manifest([layer("own"), mounting]) },
      { repository, tag: "1", credentials },
    );
    expect(report.blobs).toMatchObject({ mounted: 1, uploaded: 1 });
    const scopes = server.requests
      .filter(({ kind }) => kind === "token")
      .map(({ path }) => new URL(path, server.origin).searchParams.getAll("scope"));
    expect(scopes).toContainEqual(["repository:o/shim:pull,push", "repository:spin/base:pull"]);
  });

  test("copies the blob if no token covers both the mount's source and the push", async () => {
    const base = layer("base");
    const upstream = await registry();
    await publishOnce(
      { root: manifest([base]) },
      { repository: { registry: upstream.host, name: "spin/base" }, tag: "1" },
    );
    const server = await registry({
      authentication: {
        scheme: "bearer",
        users,
        permits: (user, action, name) =>
          name === "spin/base" ? action === "pull" && user === undefined : user !== undefined,
      },
    });
    const copying = {
      ...base,
      source: { kind: "repository" as const, repository: { registry: upstream.host, name: "spin/base" } },
    };
    const repository = { registry: server.host, name: "o/shim" };
    const credentials = async ({ registry: host }: { registry: string }): Promise<Credential> =>
      host === server.host ? grace : { kind: "anonymous" };
    const report = await publishOnce(
      { root: manifest([layer("own"), copying]) },
      { repository, tag: "1", credentials },
    );
    expect(report.blobs).toMatchObject({ uploaded: 2 });
  });

  test("reads public content if a token for pushing is refused", async () => {
    const server = await registry({ authentication: { scheme: "bearer", users, permits: everybodyReads } });
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(site("a"), { repository, tag: "1", credentials: async () => grace });
    // A token service that gives nothing to those who ask for too much, as ghcr.io's does.
    const exact = createFetch({ mirrors: [], retry: quick });
    const client = createRegistryClient({
      fetch: async (input, init) => {
        const { pathname, searchParams } = new URL(input);
        const asksMuch = pathname === "/token" && String(searchParams.get("scope")).includes("push");
        return asksMuch
          ? new Response('{"errors":[{"code":"DENIED"}]}', { status: 403 })
          : exact(input, init);
      },
    });
    const state = await inspectTarget(client, { repository, tag: "1", aliases: [] });
    expect(state.existing?.descriptor.digest).toBe(site("a").root.descriptor.digest);
    const refused = publish(client, site("b"), { ...state, existing: undefined }, { immutable: false });
    await expect(refused).rejects.toThrow(/refused to give a token for .*o\/site: 403 DENIED/);
  });

  test("retries a denied token twice if there are credentials", async () => {
    const server = await registry({ authentication: { scheme: "bearer", users } });
    const repository = { registry: server.host, name: "o/site" };
    const real = createFetch({ mirrors: [], retry: quick });
    let denials = 2;
    const client = createRegistryClient({
      credentials: async () => grace,
      retry: quick,
      fetch: async (input, init) => {
        const denied = new URL(input).pathname === "/token" && denials > 0;
        if (denied) denials -= 1;
        return denied ? new Response("denied", { status: 403 }) : real(input, init);
      },
    });
    const state = {
      target: { repository, tag: "1", aliases: [] },
      existing: undefined,
      aliases: new Map(),
      previous: undefined,
    };
    expect(await publish(client, site("a"), state, { immutable: true })).toMatchObject({ changed: true });
  });

  test("without credentials ends in an error that says so", async () => {
    const server = await registry({ authentication: { scheme: "bearer", users } });
    const repository = { registry: server.host, name: "o/site" };
    await expect(publishOnce(site("a"), { repository, tag: "1" })).rejects.toThrow(
      /401 UNAUTHORIZED.* No credentials were sent to 127\.0\.0\.1:\d+\. Set registry-username and registry-password, or log in/,
    );
  });
});

describe("other ways to authenticate", () => {
  test("Basic is sent with every request after the first challenge", async () => {
    const server = await registry({ authentication: { scheme: "basic", users } });
    const repository = { registry: server.host, name: "o/site" };
    expect(
      await publishOnce(site("a"), { repository, tag: "1", credentials: async () => grace }),
    ).toMatchObject({ changed: true });
    expect(server.requests.filter(({ status }) => status === 401)).toHaveLength(1);
  });

  test("a wrong password is not sent twice", async () => {
    const server = await registry({ authentication: { scheme: "basic", users } });
    const wrong: Credential = { kind: "basic", username: "grace", password: "wrong" };
    const repository = { registry: server.host, name: "o/site" };
    await expect(
      publishOnce(site("a"), { repository, tag: "1", credentials: async () => wrong }),
    ).rejects.toThrow("401");
    expect(server.requests).toHaveLength(2);
  });

  test("an identity token is exchanged, and never sent to the registry itself", async () => {
    const server = await registry({ authentication: { scheme: "bearer", users } });
    const answer = await fetch(`${server.origin}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "password",
        username: "grace",
        password: "hopper",
        access_type: "offline",
      }),
    });
    const { refresh_token: token } = (await answer.json()) as { refresh_token: string };
    const seen: string[] = [];
    const real = createFetch({ mirrors: [], retry: quick });
    const report = await publishOnce(site("a"), {
      repository: { registry: server.host, name: "o/site" },
      tag: "1",
      credentials: async () => ({ kind: "identity-token", token }),
      fetch: async (input, init) => {
        if (new URL(input).pathname !== "/token") seen.push(JSON.stringify(init));
        return real(input, init);
      },
    });
    expect(report).toMatchObject({ changed: true });
    expect(seen.join()).not.toContain(token);
  });

  test("a registry token is sent unchanged", async () => {
    const sent: unknown[] = [];
    const client = createRegistryClient({
      credentials: async () => ({ kind: "registry-token", token: "as-it-is" }),
      fetch: async (_input, init) => {
        sent.push(new Headers(init?.headers).get("authorization"));
        return new Response(null, { status: 404 });
      },
    });
    await client.manifest({ registry: "registry.example", name: "o/site", tag: "1" });
    expect(sent).toEqual(["Bearer as-it-is"]);
  });
});

describe("a challenge that would leak credentials", () => {
  const challenged = (registry: string, realm: string, insecure = false) => {
    const asked: string[] = [];
    const client = createRegistryClient({
      insecure,
      credentials: async () => grace,
      retry: quick,
      fetch: async (input) => {
        asked.push(String(input));
        return new Response(null, {
          status: 401,
          headers: { "www-authenticate": `Bearer realm="${realm}"` },
        });
      },
    });
    return { asked, failed: client.manifest({ registry, name: "o/site", tag: "1" }) };
  };

  test.each([
    ["without TLS", "registry.example", "http://registry.example/token", "without TLS"],
    [
      "to the cloud's metadata",
      "registry.example",
      "https://169.254.169.254/token",
      "the private address 169.254.169.254",
    ],
    ["into a private network", "registry.example", "https://10.0.0.7/token", "the private address 10.0.0.7"],
    [
      "to this machine",
      "registry.example",
      "https://localhost:8080/token",
      "the private address localhost:8080",
    ],
    ["to this machine, by IPv6", "registry.example", "https://[::1]/token", "the private address [::1]"],
  ])("%s is not followed", async (_name, registry, realm, message) => {
    const { asked, failed } = challenged(registry, realm);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow("none were sent");
    expect(asked).toHaveLength(1);
  });

  test("from a redirect to another host is not answered", async () => {
    const stolen: unknown[] = [];
    const thief = createServer(({ url, headers }, response) => {
      stolen.push([url, headers.authorization]);
      const realm = `Bearer realm="http://${headers.host}/tok"`;
      response.writeHead(401, { "www-authenticate": realm }).end();
    });
    await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
    atTheEnd(async () => void thief.close().closeAllConnections());
    const address = thief.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const reply = { status: 307, headers: { location: `http://127.0.0.1:${port}/elsewhere` } };
    const server = await registry({
      faults: faultOn(({ kind }) => kind === "manifest", { kind: "answer", reply }, 9),
    });
    const client = createRegistryClient({ credentials: async () => grace, retry: quick });
    const failed = client.manifest({ registry: server.host, name: "o/site", tag: "1" });
    await expect(failed).rejects.toThrow("401");
    expect(stolen).toEqual([["/elsewhere", undefined]]);
  });

  test("may use plain HTTP if the registry was declared insecure", async () => {
    const { asked, failed } = challenged("10.0.0.5:5000", "http://10.0.0.5:5000/token", true);
    await expect(failed).rejects.toThrow("401");
    expect(asked[1]).toContain("http://10.0.0.5:5000/token");
  });
});
