import { describe, expect, test } from "@jest/globals";
import { isInRange, parseRange } from "../src/version/range.ts";
import { compareVersions, parseLoose, parseStrict } from "../src/version/semver.ts";

describe("versions", () => {
  test.each([
    "1.2.3",
    "v1.2.3",
    "1",
    "1.2",
    "01.2.3",
    "1.2.3-rc.1+build.5",
    "1.2.3--",
    "18446744073709551615.0.0",
  ])("%s is one to Helm", (text) => expect(parseLoose(text)).toMatchObject({ original: text }));

  test.each([
    "1.2.3.4",
    "1.2.x",
    "^1.0.0",
    "1.2.3-01",
    "1.2.3-rc_1",
    "1.2.3+a_b",
    "1.2.3-",
    "1.2.3+",
    "1.2.3 ",
    "18446744073709551616.0.0",
    "",
  ])("%j is none", (text) => expect(parseLoose(text)).toBeUndefined());

  test.each(["v1.2.3", "1.2", "01.2.3", "1.02.3"])("%s is not SemVer to the letter", (text) =>
    expect(parseStrict(text)).toBeUndefined(),
  );

  test("they are ordered by SemVer §11", () => {
    const sorted = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.0.1",
      "1.2.0",
      "2.0.0",
      "11.0.0",
    ];
    const versions = sorted.flatMap((text) => parseLoose(text) ?? []);
    const shuffled = versions.toReversed().sort(compareVersions);
    expect(shuffled.map(({ original }) => original)).toEqual(sorted);
  });
});

describe("ranges are Helm's, not npm's", () => {
  const within = (range: string, version: string) => {
    const parsed = parseLoose(version);
    return parsed !== undefined && isInRange(parsed, parseRange(range));
  };

  test.each([
    ["1.2", "1.2.9 1.2.0", "1.3.0 1.1.9"],
    ["1", "1.0.0 1.9.9", "2.0.0 0.9.9"],
    ["1.x", "1.0.0 1.9.9", "2.0.0"],
    ["^1", "1.9.9", "2.0.0"],
    ["~1", "1.9.9", "2.0.0"],
    ["^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"],
    ["^0.0.3", "0.0.3", "0.0.4 0.1.0"],
    ["^0.0", "0.0.0 0.0.9", "0.1.0"],
    ["^0", "0.0.0 0.9.9", "1.0.0"],
    [">11", "12.0.0", "11.0.0 11.9.9"],
    [">11.1", "11.2.0", "11.1.9"],
    ["<=11", "11.9.9 10.0.0", "12.0.0"],
    ["<=11.1", "11.1.9", "11.2.0"],
    ["~0.0.0", "0.0.0 7.8.9", "0.0.0-rc.1"],
    ["~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"],
    ["*", "0.0.0 99.0.0", "1.0.0-rc.1"],
    ["!=1.2.3", "1.2.4", "1.2.3 1.2.4-rc.1"],
    ["!=1.2", "1.3.0", "1.2.0 1.2.9"],
    ["!=1", "2.0.0", "1.0.0"],
    ["=>1.0.0, =<2.0.0", "1.0.0 2.0.0", "2.0.1"],
    [">=1.0.0 <2.0.0", "1.5.0", "2.0.0"],
    ["1.2.0 - 1.4.5", "1.2.0 1.4.5", "1.4.6 1.1.9"],
    ["<1.0.0 || >=2.0.0", "0.1.0 2.0.0", "1.5.0"],
    [">=1.0.0-0", "1.0.0-rc.1 1.0.0", "0.9.9"],
    // Helm 3.19 and newer: one comparator with a pre-release opens the whole group.
    [">=0.1.0-0 <0.3.0", "0.2.1-rc.1 0.2.0", "0.3.0"],
    ["1.2.3", "1.2.3 1.2.3+build.5 v1.2.3", "1.2.4"],
    ["v1.2.3", "1.2.3", "1.2.4"],
  ])("%s", (range, inside, outside) => {
    for (const version of inside.split(" "))
      expect([version, within(range, version)]).toEqual([version, true]);
    for (const version of outside.split(" "))
      expect([version, within(range, version)]).toEqual([version, false]);
  });

  test.each(["", "latest", "1.2.3.4", ">=1.0.0 and more", "|| 1"])("%j is not a range", (range) =>
    expect(() => parseRange(range)).toThrow(/is not a version range/),
  );
});
