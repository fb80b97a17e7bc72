import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { repeat, retryPolicy } from "../src/index.ts";
import { goDuration, retryHint } from "../src/retry-hint.ts";
import { transientAnswer, transientError } from "../src/transient-failure.ts";
import { jumpingClock } from "./servers.ts";

const always = () => ({ because: "x" });

/** Fails `times` times, then returns the number of the attempt. */
function failing(times: number) {
  return async (number: number) => {
    if (number <= times) throw new Error(`failed ${number}`);
    return number;
  };
}

describe("repeat", () => {
  test("retries until it succeeds, and reports each retry", async () => {
    const said: unknown[] = [];
    const policy = retryPolicy(jumpingClock());
    expect(await repeat(failing(2), always, policy, { onRetry: (retry) => said.push(retry) })).toBe(3);
    expect(said).toEqual([
      { because: "x", attempt: 1, delayMilliseconds: 100 },
      { because: "x", attempt: 2, delayMilliseconds: 200 },
    ]);
  });

  test("gives up after the last attempt with the last error", async () => {
    await expect(repeat(failing(9), always, retryPolicy(jumpingClock()))).rejects.toThrow("failed 6");
  });

  test("does not retry what is not transient", async () => {
    await expect(repeat(failing(1), () => undefined, retryPolicy(jumpingClock()))).rejects.toThrow(
      "failed 1",
    );
  });

  test("waits a little longer than the server asked for", async () => {
    const clock = jumpingClock();
    await repeat(failing(1), () => ({ because: "x", retryAfterMilliseconds: 5000 }), retryPolicy(clock));
    expect(clock.waits).toEqual([5100]);
  });

  test("does not wait past the deadline", async () => {
    const clock = jumpingClock();
    const asks = () => ({ because: "x", retryAfterMilliseconds: 200_000 });
    await expect(repeat(failing(9), asks, retryPolicy(clock))).rejects.toThrow("failed 2");
    expect(clock.waits).toHaveLength(1);
  });

  test("stops when it is aborted", async () => {
    const stop = new AbortController();
    const policy = retryPolicy({ ...jumpingClock(), sleep: async () => stop.abort() });
    const attempts: number[] = [];
    const attempt = async (number: number) => {
      attempts.push(number);
      throw new Error("failed");
    };
    await expect(repeat(attempt, always, policy, { signal: stop.signal })).rejects.toThrow("failed");
    expect(attempts).toEqual([1, 2]);
  });

  test("never waits longer than the longest delay", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(5), fc.double({ min: 0, max: 0.999, noNaN: true }), async (times, chance) => {
        const clock = jumpingClock();
        await repeat(failing(times), always, retryPolicy({ ...clock, random: () => chance }));
        expect(clock.waits).toHaveLength(times);
        clock.waits.forEach((wait, index) => {
          expect(wait).toBeLessThanOrEqual(Math.min(10_000, 200 * 2 ** index));
        });
      }),
    );
  });
});

describe("the delay a server asks for", () => {
  const now = Date.parse("2026-11-22T10:00:00Z");

  test.each<[string, Record<string, string>, string, number | undefined]>([
    ["seconds", { "retry-after": "7" }, "", 7000],
    ["a date", { "retry-after": "Sun, 22 Nov 2026 10:00:30 GMT" }, "", 30_000],
    ["a date that is over", { "retry-after": "Sun, 22 Nov 2026 09:00:00 GMT" }, "", 0],
    ["nonsense", { "retry-after": "soon" }, "", undefined],
    ["GitHub's reset", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${now / 1000 + 9}` }, "", 9000],
    ["a reset that is not due", { "x-ratelimit-remaining": "5", "x-ratelimit-reset": "1" }, "", undefined],
    [
      "ghcr.io's message",
      {},
      '{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 10.305464ms, allowed: 2000/minute"}]}',
      10.305464,
    ],
    ["nothing", {}, "try later", undefined],
  ])("%s", (_name, headers, message, expected) => {
    expect(retryHint(new Headers(headers), message, now)).toBe(expected);
  });

  test.each<[string, number | undefined]>([
    ["10.305464ms", 10.305464],
    ["1m2s", 62_000],
    ["1h0m0.5s", 3_600_500],
    ["5µs", 0.005],
    ["250us", 0.25],
    [".5s", 500],
    ["7", undefined],
    ["", undefined],
    ["1s!", undefined],
  ])("the Go duration %j", (text, expected) => {
    expect(goDuration(text)).toBe(expected);
  });
});

describe("transient failures are", () => {
  test.each([408, 425, 429, 499, 500, 502, 503, 504, 520, 524])("%d", (status) => {
    expect(transientAnswer(new Response(null, { status }), "", 0)).toMatchObject({ because: `${status}` });
  });

  test.each([200, 400, 401, 403, 404, 405, 409, 412, 413, 415, 416, 501])("not %d", (status) => {
    expect(transientAnswer(new Response(null, { status }), "denied", 0)).toBeUndefined();
  });

  test("a 403 that is a rate limit (GitHub's secondary one)", () => {
    const said = "You have exceeded a secondary rate limit.";
    expect(transientAnswer(new Response(null, { status: 403 }), said, 0)).toBeDefined();
  });

  test("an error whose cause is the network", () => {
    const cause = Object.assign(new Error("reset"), { code: "ECONNRESET" });
    expect(transientError(new TypeError("fetch failed", { cause }))).toEqual({ because: "ECONNRESET" });
    expect(transientError(Object.assign(new Error("x"), { code: "ENOTFOUND" }))).toBeUndefined();
    expect(transientError("text")).toBeUndefined();
  });
});
