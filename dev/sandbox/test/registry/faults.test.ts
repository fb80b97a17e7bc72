import { describe, expect, test } from "@jest/globals";
import {
  type FaultKind,
  faultOn,
  personas,
  type RequestRecord,
  recordedRefusals,
  seededFaults,
  stopAfter,
} from "../../src/index.ts";
import { codeOf, digestOf, manifestOf, pushBlob, pushImage, putManifest, withRegistry } from "./client.ts";

const everything = () => true;
const reads = ({ method }: RequestRecord) => method === "GET";
const put = ({ method }: RequestRecord) => method === "PUT";

describe("a connection that breaks", () => {
  test.each([
    ["on-arrival", false, 0],
    ["before-effect", false, 7],
    ["after-effect", true, 7],
  ] as const)("%s: the blob is there afterwards: %s", (when, there, received) =>
    withRegistry(async (registry) => {
      registry.setFaults(faultOn(everything, { kind: "reset", when }));
      await expect(pushBlob(registry, "site", "content")).rejects.toThrow("fetch failed");
      expect(registry.requests).toMatchObject([{ status: 0, requestBytes: received }]);
      const read = await fetch(`${registry.origin}/v2/site/blobs/${digestOf("content")}`);
      expect(read.status).toBe(there ? 200 : 404);
    }),
  );

  test("in the middle of the answer leaves half of it", () =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", "content");
      registry.setFaults(faultOn(reads, { kind: "reset", when: "in-answer" }));
      const response = await fetch(`${registry.origin}/v2/site/blobs/${digestOf("content")}`);
      expect([response.status, response.headers.get("content-length")]).toEqual([200, "7"]);
      await expect(response.text()).rejects.toThrow("terminated");
    }));

  test.each([false, true])("for good: from the third request on (which takes effect: %s)", (takesEffect) =>
    withRegistry(async (registry) => {
      registry.setFaults(stopAfter(3, takesEffect));
      await pushBlob(registry, "site", "{}");
      await pushBlob(registry, "site", "[]");
      for (const tag of ["1", "2"]) {
        await expect(putManifest(registry, "site", tag, manifestOf("{}"))).rejects.toThrow("fetch failed");
      }
      const index = await registry.inspect("site");
      expect([...(index?.tags.keys() ?? [])]).toEqual(takesEffect ? ["1"] : []);
    }),
  );

  test("can be set as an option", () =>
    withRegistry(
      async (registry) => {
        await pushBlob(registry, "site", "{}");
        await expect(fetch(`${registry.origin}/v2/`)).rejects.toThrow("fetch failed");
      },
      { stopAfter: 2 },
    ));
});

describe("a wrong answer", () => {
  test("can replace the real one, and the request is not carried out", () =>
    withRegistry(async (registry) => {
      for (const { reply } of recordedRefusals) {
        registry.setFaults(faultOn(everything, { kind: "answer", reply }));
        const url = `${registry.origin}/v2/site/blobs/uploads/?digest=${digestOf("content")}`;
        const response = await fetch(url, { method: "POST", body: "content" });
        const expected = reply.errors === undefined ? "<html>" : JSON.stringify({ errors: reply.errors });
        expect([response.status, await response.text()]).toEqual([
          reply.status,
          expect.stringContaining(expected),
        ]);
      }
      expect(await registry.inspect("site")).toBeUndefined();
    }));

  test("is sent word for word, whatever the persona", () =>
    withRegistry(
      async (registry) => {
        const said = recordedRefusals.find(({ situation }) => situation.startsWith("a blob is not known"));
        if (said === undefined) throw new Error("There is no such refusal.");
        registry.setFaults(faultOn(everything, { kind: "answer", reply: said.reply }));
        const response = await fetch(`${registry.origin}/v2/site/manifests/1`);
        expect(Object(await response.json()).errors).toEqual(said.reply.errors);
      },
      { persona: personas.ghcr },
    ));

  test("can never arrive", () =>
    withRegistry(async (registry) => {
      registry.setFaults(faultOn(everything, { kind: "silence" }));
      const waiting = fetch(`${registry.origin}/v2/`, { signal: AbortSignal.timeout(50) });
      await expect(waiting).rejects.toThrow("timeout");
    }));

  test("can arrive in pieces", () =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", "0123456789");
      registry.setFaults(faultOn(reads, { kind: "slow-answer", pieces: 5, pauseMilliseconds: 5 }));
      const response = await fetch(`${registry.origin}/v2/site/blobs/${digestOf("0123456789")}`);
      const pieces: string[] = [];
      for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece).toString());
      expect([pieces.length > 1, pieces.join("")]).toEqual([true, "0123456789"]);
    }));

  test("can have another digest in its header", () =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", "{}");
      registry.setFaults(faultOn(put, { kind: "wrong-digest-header" }));
      const response = await putManifest(registry, "site", "1", manifestOf("{}"));
      expect(response.headers.get("docker-content-digest")).toBe(`sha256:${"0".repeat(64)}`);
    }));

  test("can have one changed byte", () =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", "content");
      registry.setFaults(faultOn(reads, { kind: "corrupt-content" }));
      const read = async () =>
        (await fetch(`${registry.origin}/v2/site/blobs/${digestOf("content")}`)).text();
      expect([await read(), await read()]).toEqual(["conuent", "content"]);
    }));

  test("can miss what was just written", () =>
    withRegistry(async (registry) => {
      await pushImage(registry, "site", "1", "{}");
      registry.setFaults(faultOn(reads, { kind: "not-yet-visible" }, 2));
      const read = async () => (await fetch(`${registry.origin}/v2/site/manifests/1`)).status;
      expect([await read(), await read(), await read()]).toEqual([404, 404, 200]);
    }));
});

test("a lost blob is reported missing with the manifest, until it is sent again", () =>
  withRegistry(async (registry) => {
    await pushBlob(registry, "site", "{}");
    registry.setFaults(faultOn(put, { kind: "lost-blob" }));
    const response = await putManifest(registry, "site", "1", manifestOf("{}"));
    expect([response.status, await codeOf(response)]).toEqual([404, "MANIFEST_BLOB_UNKNOWN"]);
    await pushImage(registry, "site", "1", "{}");
  }));

test("tokens can expire in the middle of a push", () =>
  withRegistry(
    async (registry) => {
      const { origin } = registry;
      const basic = { authorization: `Basic ${Buffer.from("ann:secret").toString("base64")}` };
      const answer = await fetch(`${origin}/token?scope=repository:site:pull,push`, { headers: basic });
      const headers = { authorization: `Bearer ${Object(await answer.json()).token}` };
      const begin = () => fetch(`${origin}/v2/site/blobs/uploads/`, { method: "POST", headers });
      expect((await begin()).status).toBe(202);
      registry.setFaults(faultOn(everything, { kind: "tokens-expire" }));
      const late = await begin();
      expect([late.status, late.headers.get("www-authenticate")]).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ]);
    },
    { authentication: { scheme: "bearer", users: { ann: "secret" } } },
  ));

describe("random faults", () => {
  const request = (path: string, method = "GET"): RequestRecord => ({
    order: 1,
    wave: 1,
    method,
    path,
    kind: "manifest",
    repository: "site",
    status: 0,
    requestBytes: 0,
    responseBytes: 0,
  });
  const paths = Array.from({ length: 200 }, (_, number) => `/v2/site/manifests/${number}`);

  test("are the same for the same seed, whatever the order of parallel requests, and differ between seeds", () => {
    const met = (seed: number, order: readonly string[]) => {
      const plan = seededFaults(seed);
      return new Map(order.map((path) => [path, plan(request(path))?.kind]));
    };
    const first = met(1, paths);
    expect(met(1, paths.toReversed())).toEqual(new Map([...first].toReversed()));
    expect([...met(2, paths).values()]).not.toEqual([...first.values()]);
  });

  test("have about the requested rate", () => {
    const plan = seededFaults(1, { rate: 0.5 });
    const met = paths.filter((path) => plan(request(path)) !== undefined).length;
    expect(met).toBeGreaterThan(70);
    expect(met).toBeLessThan(130);
  });

  test("do not meet one request more often than allowed, so that retries succeed", () => {
    const plan = seededFaults(1, { rate: 1, repeats: 2 });
    const met = [1, 2, 3, 4].map(() => plan(request("/v2/site/manifests/1")) !== undefined);
    expect(met).toEqual([true, true, false, false]);
  });

  test("can be limited to some kinds, and only meet requests to which they apply", () => {
    const kinds: readonly FaultKind[] = ["corrupt content"];
    const plan = seededFaults(1, { rate: 1, kinds });
    expect(plan(request("/v2/site/manifests/1"))).toEqual({ kind: "corrupt-content" });
    expect(plan(request("/v2/site/manifests/1", "PUT"))).toBeUndefined();
  });
});

test("every recorded refusal has its own situation and names its source", () => {
  const names = recordedRefusals.map(({ registry, situation }) => `${registry}: ${situation}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { evidence } of recordedRefusals) {
    expect(evidence).toMatch(/^([\w.-]+\/[\w.-]+#\d+|Red Hat PROJQUAY-\d+|none)$/);
  }
});
