import { describe, expect, test } from "@jest/globals";
import { chartTag, requireReleasedVersion } from "../src/version/release.ts";

const check = (name: string) => () =>
  requireReleasedVersion({ kind: "tag", name }, "1.0.3", "charts/bart/Chart.yaml has the version");

describe("a Git tag chart-<version> releases that version", () => {
  test("the version of Chart.yaml is released", () => expect(check("chart-1.0.3")).not.toThrow());

  test("another one is refused, naming both", () => {
    expect(check("chart-1.0.4")).toThrow(
      "The Git tag chart-1.0.4 releases version 1.0.4, but charts/bart/Chart.yaml has the version 1.0.3; set that version, commit it and tag the commit.",
    );
  });

  test("other tags and events do not concern the chart", () => {
    expect(check("0.1.2")).not.toThrow();
    expect(() => requireReleasedVersion({ kind: "branch", name: "chart-9" }, "1.0.3", "x")).not.toThrow();
  });
});

describe("the tag in the registry", () => {
  test.each([
    ["1.0.3", "1.0.3"],
    ["1.0.3-rc.1+build.5", "1.0.3-rc.1_build.5"],
  ])("of version %s is %s", (version, tag) => expect(chartTag(version)).toBe(tag));

  test("a version that is longer than any tag is refused", () => {
    expect(() => chartTag(`1.0.0-${"a".repeat(130)}`)).toThrow(/is not a valid registry tag/);
  });
});
