import { describe, expect, test } from "@jest/globals";
import type { FetchedManifest } from "@spin-publisher/oci";
import { waitForReferences } from "../src/required-references.ts";

/** A registry in which an image appears after some questions, and a clock that only sleeping moves. */
function waiting(appearsAfter: number) {
  let [asked, time] = [0, 0];
  const told: string[] = [];
  const found: FetchedManifest = {
    descriptor: { mediaType: "a/b", digest: `sha256:${"0".repeat(64)}`, size: 2 },
    bytes: Buffer.from("{}"),
    document: { schemaVersion: 2, manifests: [] },
  };
  return {
    told,
    asked: () => asked,
    dependencies: {
      reader: {
        manifest: async () => {
          asked += 1;
          return asked > appearsAfter ? found : undefined;
        },
      },
      now: () => time,
      sleep: async (milliseconds: number) => {
        time += milliseconds;
      },
      tell: (line: string) => void told.push(line),
    },
  };
}

const image = "ghcr.io/octo/site:0.1.2";

describe("a chart's image", () => {
  test("that exists is asked for once", async () => {
    const { dependencies, asked, told } = waiting(0);
    await waitForReferences([image], 600_000, dependencies);
    expect([asked(), told]).toEqual([1, []]);
  });

  test("that another run is publishing is waited for, and said once", async () => {
    const { dependencies, asked, told } = waiting(3);
    await waitForReferences([image], 600_000, dependencies);
    expect([asked(), told]).toEqual([4, [`waiting for ${image}, which the chart installs`]]);
  });

  test("that does not appear is an error after ten minutes", async () => {
    const { dependencies, asked } = waiting(Number.POSITIVE_INFINITY);
    await expect(waitForReferences([image], 600_000, dependencies)).rejects.toThrow(
      `The chart requires ${image}, which does not exist after 10 minutes; publish it first, or change the input "requires".`,
    );
    expect(asked()).toBe(121);
  });

  test("that is not waited for is asked for once", async () => {
    const { dependencies, asked } = waiting(Number.POSITIVE_INFINITY);
    await expect(waitForReferences([image], 0, dependencies)).rejects.toThrow(
      "which does not exist; publish it",
    );
    expect(asked()).toBe(1);
  });

  test("that is not a reference is an error", async () => {
    await expect(waitForReferences(["not a reference"], 0, waiting(0).dependencies)).rejects.toThrow(
      "not a reference",
    );
  });
});
