import { describe, expect, test } from "@jest/globals";
import { reasonNotLast, reasonToKeep, requireAlias, resolveAliases } from "../src/aliases.ts";
import type { Pushed } from "../src/event.ts";
import { slugOf } from "../src/tag.ts";

const branch = (name: string): Pushed => ({ kind: "branch", name });
const tag = (name: string): Pushed => ({ kind: "tag", name });
const request: Pushed = { kind: "pull-request", number: 7 };
const build = "main-0a1b2c3d-1760000000";

describe("aliases", () => {
  test.each<[string, Pushed, string, readonly string[]]>([
    ["auto", tag("0.1.2"), "0.1.2", ["latest"]],
    ["auto", tag("v0.1.2"), "v0.1.2", ["latest"]],
    ["auto", tag("chart-1.0.3"), "1.0.3", ["latest"]],
    ["auto", branch("main"), build, ["main"]],
    ["auto", branch("latest"), build, [slugOf("latest")]],
    ["{major}.{minor}", tag("v1.2.3"), "v1.2.3", ["1.2"]],
    ["{major}", tag("1.2.3"), "1.2.3", ["1"]],
    ["v{major}", branch("main"), "1.2.3", ["v1"]],
    ["stable", branch("main"), build, ["stable"]],
  ])("%j on %j published as %s are %j", (given, pushed, published, names) => {
    expect(resolveAliases([given], pushed, published)).toEqual({ names, notes: [] });
  });

  test.each<[string, Pushed, string, string]>([
    ["auto", tag("0.1.2-rc.1"), "0.1.2-rc.1", '"0.1.2-rc.1" is not a release such as 1.2.3 or v1.2.3.'],
    ["auto", tag("nightly"), "nightly", '"nightly" is not a release'],
    ["auto", request, "pr-7-0a1b2c3d", "this is a pull request."],
    ["{major}", branch("main"), build, `"${build}" is not a release`],
    ["{major}.{minor}", request, "pr-7-0a1b2c3d", '"pr-7-0a1b2c3d" is not a release'],
  ])("%j on %j published as %s are none, with a reason", (given, pushed, published, reason) => {
    const { names, notes } = resolveAliases([given], pushed, published);
    expect(names).toEqual([]);
    expect(notes).toEqual([expect.stringContaining(`"${given}" sets no alias: ${reason}`)]);
  });

  test("that are named twice are set once", () => {
    expect(resolveAliases(["auto", "latest", "latest"], tag("1.2.3"), "1.2.3").names).toEqual(["latest"]);
  });
});

test.each([
  ["0.2.0", "0.1.9", '"latest" stays on 0.2.0, which is newer than 0.1.9'],
  ["0.10.0", "0.9.0", '"latest" stays on 0.10.0, which is newer than 0.9.0'],
  ["0.1.9", "0.2.0", undefined],
  ["0.2.0", "0.2.0", undefined],
  [undefined, "0.1.0", undefined],
  ["0.2.0", "main-0a1b2c3d-1760000000", undefined],
  ["not a version", "0.1.0", undefined],
  ["v0.2.0", "0.1.9", '"latest" stays on v0.2.0, which is newer than 0.1.9'],
  ["0.1.9", "v0.2.0", undefined],
])("an alias on %s, asked to move to %s: %s", (current, next, reason) => {
  expect(reasonToKeep("latest", current, next)).toBe(reason);
});

test.each(["0.1.2", "v0.1.2", "1.0.0-rc.1"])("%s is a version, not an alias", (name) => {
  expect(() => requireAlias(name)).toThrow("an alias moves, and a version must not");
});

test.each(["auto", "latest", "main", "1", "1.2", "v1", "{major}", "v{major}.{minor}"])(
  "%s may be an alias",
  (name) => {
    expect(requireAlias(name)).toBe(name);
  },
);

test.each(["{patch}", "{major", "a b"])("%j may not be an alias", (name) => {
  expect(() => requireAlias(name)).toThrow("is not a valid registry tag");
});

describe("a build of a branch", () => {
  test.each([
    ["main-ffffffff-1760000000", "committed in the same second"],
    ["main-ffffffff-1760000001", "committed later"],
  ])("after %s does not sort last: it was %s", (current, reason) => {
    const said = reasonNotLast("main", current, build);
    expect(said).toContain(`${build} does not sort last: ${current}`);
    expect(said).toContain(reason);
  });

  test.each([
    [undefined, build],
    [build, build],
    ["main-ffffffff-1759999999", build],
    ["other-ffffffff-1760000001", build],
    ["0.2.0", build],
    ["main-ffffffff-1760000001", "0.1.0"],
  ])("after %s sorts last: %s", (current, next) => {
    expect(reasonNotLast("main", current, next)).toBeUndefined();
  });
});
