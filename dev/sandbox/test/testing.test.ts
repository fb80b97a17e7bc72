import { describe, expect, test } from "@jest/globals";
import { whyNotHere } from "../src/machine-needs.ts";
import { skippedUnless } from "../src/testing.ts";

/** Records what would be run or skipped. */
function recorder() {
  const calls: unknown[][] = [];
  const record = Object.assign((...args: unknown[]) => void calls.push(args), {
    each:
      (...table: unknown[]) =>
      (...args: unknown[]) =>
        void calls.push([...table, ...args]),
  });
  return { calls, record };
}

describe("a test that needs something of its machine", () => {
  test("runs where the machine has it", () => {
    const [run, skip] = [recorder(), recorder()];
    expect(skippedUnless(undefined, run.record, skip.record)).toBe(run.record);
  });

  test("is skipped elsewhere, with the reason in its name", () => {
    const [run, skip] = [recorder(), recorder()];
    const limited = skippedUnless("there are no FIFOs", run.record, skip.record);
    const body = () => {};
    limited("reads a FIFO", body, 1000);
    limited.each([["a", 1]])("%s of %d", body);
    expect(run.calls).toEqual([]);
    expect(skip.calls).toEqual([
      ["reads a FIFO [skipped: there are no FIFOs]", body, 1000],
      [[["a", 1]], "%s of %d [skipped: there are no FIFOs]", body],
    ]);
  });

  test("finds Unix permissions and FIFOs on every system but Windows", () => {
    const windows = process.platform === "win32";
    expect(
      [whyNotHere("Unix permissions"), whyNotHere("FIFOs")].map((reason) => reason !== undefined),
    ).toEqual([windows, windows]);
    expect(whyNotHere()).toBeUndefined();
  });
});
