import { expect, test } from "@jest/globals";
import { createRequestLog } from "../../src/registry/request-log.ts";
import { digestOf, pushBlob, withRegistry } from "./client.ts";

const request = { method: "GET", path: "/v2/", kind: "api-version" } as const;

test("requests that were under way together share a wave", () => {
  const log = createRequestLog();
  const open = [log.open(request), log.open(request)];
  for (const record of open) record.answered(200, 2);
  log.open(request);
  expect(log.records.map(({ wave }) => wave)).toEqual([1, 1, 2]);
});

test("a request that began after an answer is of a later wave, whatever else is still under way", () => {
  const log = createRequestLog();
  const slow = log.open(request);
  log.open(request).answered(200, 0);
  log.open(request).answered(200, 0);
  slow.answered(200, 0);
  log.open(request);
  expect(log.records.map(({ wave }) => wave)).toEqual([1, 1, 2, 3]);
});

test("clearing starts at wave 1 again, and requests under way no longer count", () => {
  const log = createRequestLog();
  const before = log.open(request);
  log.clear();
  before.answered(200, 0);
  log.open(request);
  expect(log.records.map(({ order, wave }) => [order, wave])).toEqual([[1, 1]]);
});

test("the registry records what each request was and what it transferred", () =>
  withRegistry(
    async (registry) => {
      const digest = digestOf("content");
      await Promise.all([
        pushBlob(registry, "site", "content"),
        fetch(`${registry.origin}/v2/site/blobs/uploads/?mount=${digest}&from=a`, { method: "POST" }),
      ]);
      await (await fetch(`${registry.origin}/v2/site/blobs/${digest}`)).text();
      const [one, two, three] = registry.requests;
      const [mounted, uploaded] = one?.kind === "mount" ? [one, two] : [two, one]; // which of them came first, nobody knows
      expect([uploaded, mounted, three]).toMatchObject([
        {
          wave: 1,
          method: "POST",
          kind: "upload",
          repository: "site",
          status: 201,
          requestBytes: 7,
        },
        {
          wave: 1,
          method: "POST",
          kind: "mount",
          repository: "site",
          status: 202,
          requestBytes: 0,
        },
        {
          order: 3,
          wave: 2,
          method: "GET",
          kind: "blob",
          status: 200,
          responseBytes: 7,
          path: `/v2/site/blobs/${digest}`,
        },
      ]);
      registry.clearRequests();
      expect(registry.requests).toEqual([]);
    },
    { latencyMilliseconds: 20 },
  ));
