import { describe, expect, test } from "@jest/globals";
import { personas } from "@spin-publisher/sandbox";
import { faultRun } from "./fault-runs.ts";

// More of them, and other ones: node packages/oci/test/fault-runs.ts 200 1000
const seeds = [1, 2, 3, 4, 5, 6];

describe.each(Object.values(personas))("at $name, with random faults", (persona) => {
  test.each(seeds)(
    "no tag ever points at anything else, and the next run is right (seed %d)",
    async (seed) => {
      const { outcome, message, faults } = await faultRun(persona, seed);
      expect(faults).toBeGreaterThan(0);
      if (outcome === "refused") expect(message).toMatch(/^[\S ]+: [\S ]+\.$/);
    },
  );
});
