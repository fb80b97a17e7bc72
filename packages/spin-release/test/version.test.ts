import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseVersionRequest } from "../src/index.ts";
import { highest, isStable, meets, tagOf, versionOf } from "../src/version.ts";

describe("a version that is asked for", () => {
  test.each([
    ["latest", { kind: "latest" }],
    ["Latest", { kind: "latest" }],
    ["4.0.2", { kind: "exact", version: "4.0.2" }],
    ["v4.0.2", { kind: "exact", version: "4.0.2" }],
    [" V4.0.2 ", { kind: "exact", version: "4.0.2" }],
    ["4.1.0-rc.1", { kind: "exact", version: "4.1.0-rc.1" }],
    ["^4.0", { kind: "range", range: "^4.0" }],
    ["4", { kind: "range", range: "4" }],
    ["v3.6", { kind: "range", range: "v3.6" }],
    ["3.x", { kind: "range", range: "3.x" }],
    [">=3.4 <5", { kind: "range", range: ">=3.4 <5" }],
    ["3 || 4", { kind: "range", range: "3 || 4" }],
  ])("%j", (text, request) => {
    expect(parseVersionRequest(text)).toEqual(request);
  });

  test.each(["", " ", "newest", "4.0.2.1", "v", "spin/templates/v4.0", "../4.0.2", "4.0.2/../../x"])(
    "%j is refused, and the message shows what is accepted",
    (text) => {
      expect(() => parseVersionRequest(text)).toThrow(
        "Use latest, an exact version such as 4.0.2, or a range",
      );
    },
  );

  test("canary is refused with the reason", () => {
    expect(() => parseVersionRequest("canary")).toThrow("changes with every commit");
  });

  test("whatever is exact becomes a tag that leads back to it and cannot leave its place in a URL", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^v?\d+\.\d+\.\d+(-[0-9a-z.]+)?$/)), (text) => {
        let request: ReturnType<typeof parseVersionRequest>;
        try {
          request = parseVersionRequest(text);
        } catch {
          return;
        }
        if (request.kind !== "exact") return;
        expect(versionOf(tagOf(request.version))).toBe(request.version);
        expect(tagOf(request.version)).toMatch(/^v[0-9A-Za-z.-]+$/);
      }),
    );
  });
});

describe("a tag of Spin's repository", () => {
  test.each([
    ["v4.0.2", "4.0.2"],
    ["v4.1.0-rc.1", "4.1.0-rc.1"],
    ["canary", undefined],
    ["4.0.2", undefined],
    ["v4.0", undefined],
    ["v04.0.2", undefined],
    ["spin/templates/v4.0", undefined],
    ["spin/templates/refs/tags/v2.3", undefined],
    ["sdk/go/v2.2.0", undefined],
    ["sdk/go/v1.0.0-rc.1", undefined],
  ])("%s releases %s", (tag, version) => {
    expect(versionOf(tag)).toBe(version);
  });

  test.each([
    ["4.0.2", true],
    ["4.1.0-rc.1", false],
    ["4.0.2+build", false],
  ])("%s is stable: %s", (version, stable) => {
    expect(isStable(version)).toBe(stable);
  });
});

describe("the highest version", () => {
  const versions = ["4.1.0-rc.1", "3.6.3", "4.0.2", "4.0.10", "4.0.9", "3.10.0", "2.7.0"];

  test.each([
    ["latest", "4.0.10"],
    ["^4.0.0", "4.0.10"],
    ["3", "3.10.0"],
    ["~3.6", "3.6.3"],
    ["<3", "2.7.0"],
    [">=4.1.0-rc.0", "4.1.0-rc.1"],
    ["4.1.x", undefined],
    ["^5", undefined],
  ])("for %s is %s, wherever it stands in the list", (text, version) => {
    const request = parseVersionRequest(text);
    if (request.kind === "exact") throw new Error("not a choice");
    expect(highest(versions, request)).toBe(version);
  });
});

test.each([
  ["4.0.2", "latest", true],
  ["4.1.0-rc.1", "latest", false],
  ["4.0.2", "v4.0.2", true],
  ["4.0.1", "4.0.2", false],
  ["4.1.0-rc.1", "4.1.0-rc.1", true],
  ["4.0.2", "^4.0", true],
  ["3.6.3", "^4.0", false],
])("%s is what %j asks for: %j", (version, request, asked) => {
  expect(meets(version, parseVersionRequest(request))).toBe(asked);
});
