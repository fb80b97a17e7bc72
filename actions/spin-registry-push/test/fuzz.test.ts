import { describe, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import fc from "fast-check";
import { parse } from "smol-toml";
import { checkManifest } from "./check-manifest.ts";
import { project } from "./project.ts";
import { checkFiles, hostileApplication, hostileFiles } from "./random-files.ts";
import { brokenManifest, validManifest } from "./random-manifest.ts";

const referee = (text: string) => parse(text, { integersAsBigInt: true });

// More of the same, by hand: dev/interop/fuzz-manifest.ts
describe("a generated manifest", () => {
  test("is accepted when it follows the rules", () => {
    for (const manifest of fc.sample(validManifest, { seed: 1, numRuns: 300 })) {
      expect([checkManifest(manifest, referee), manifest]).toEqual(["accepted", manifest]);
    }
  });

  test("is accepted or clearly refused when it is damaged", () => {
    const outcomes = fc
      .sample(brokenManifest, { seed: 2, numRuns: 1500 })
      .map((manifest) => checkManifest(manifest, referee));
    expect(new Set(outcomes)).toEqual(new Set(["accepted", "refused"]));
  });

  testNeeding("symbolic links")(
    "publishes nothing from outside of the application, whatever its files say",
    async () => {
      const folder = await hostileApplication(await project());
      const outcomes = new Set<string>();
      for (const files of fc.sample(hostileFiles, { seed: 3, numRuns: 1000 }))
        outcomes.add(await checkFiles(folder, files));
      expect(outcomes).toEqual(new Set(["accepted", "refused"]));
    },
  );
});
