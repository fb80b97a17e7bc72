import { expect, test } from "@jest/globals";
import { type Fetch, withSignal } from "../src/index.ts";

test("requests end with the signal of the whole and with their own", async () => {
  const signals: (AbortSignal | null | undefined)[] = [];
  const send: Fetch = async (_input, init) => {
    signals.push(init?.signal);
    return new Response();
  };
  const [whole, own] = [new AbortController(), new AbortController()];
  const fetch = withSignal(send, () => whole.signal);
  await fetch("https://example.com");
  await fetch("https://example.com", { signal: own.signal });
  own.abort();
  expect(signals.map((signal) => signal?.aborted)).toEqual([false, true]);
  whole.abort();
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
});
