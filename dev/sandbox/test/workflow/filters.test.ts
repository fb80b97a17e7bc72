import { describe, expect, test } from "@jest/globals";
import { pullRequest, pushBranch, pushTag } from "../../src/index.ts";
import { isTriggered, matches } from "../../src/workflow/filters.ts";

// The rows of GitHub's filter pattern cheat sheet, and what must not match.
test.each([
  ["feature/*", ["feature/my-branch"], ["feature/a/b", "feature"]],
  ["feature/**", ["feature/beta-a/my-branch", "feature/mona/the/octocat"], ["features/x"]],
  ["main", ["main"], ["main2", "xmain"]],
  ["**", ["all/the/branches", "every/tag"], []],
  ["*", ["main", "releases"], ["all/the/branches"]],
  ["*feature", ["mona-feature", "feature", "ver-10-feature"], ["x/feature"]],
  ["v2*", ["v2", "v2.0", "v2.9"], ["v1", "xv2"]],
  ["v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1x0.0", "v1.0"]],
  ["[0-9]+.[0-9]+.[0-9]+", ["0.1.2", "10.20.30"], ["v0.1.2", "0.1", "0.1.2-rc.1", "chart-1.0.3"]],
  ["colou?r", ["color", "colour"], ["colouur"]],
  ["a\\*b", ["a*b"], ["axb"]],
])("the pattern %s", (pattern, matching, others) => {
  expect(matching.filter((name) => !matches(name, [pattern]))).toEqual([]);
  expect(others.filter((name) => matches(name, [pattern]))).toEqual([]);
});

test("the last pattern that matches decides", () => {
  const patterns = ["releases/**", "!releases/**-alpha", "releases/beta-alpha"];
  expect(
    ["releases/10", "releases/10-alpha", "releases/beta-alpha"].map((name) => matches(name, patterns)),
  ).toEqual([true, false, true]);
});

describe("a workflow starts", () => {
  const main = pushBranch("main");
  const tag = pushTag("0.1.2");
  test.each([
    ["for branches and tags where nothing filters", { push: {} }, [true, true]],
    ["for branches only where only branches are named", { push: { branches: ["**"] } }, [true, false]],
    ["for tags only where only tags are named", { push: { tags: ["[0-9]*"] } }, [false, true]],
    ["for what either names", { push: { branches: ["dev"], tags: ["**"] } }, [false, true]],
    [
      "for what is not ignored",
      { push: { "branches-ignore": ["main"], "tags-ignore": ["v*"] } },
      [false, true],
    ],
    ["not for another event", { pull_request: {} }, [false, false]],
  ])("%s", (_name, triggers, expected) => {
    expect([isTriggered(triggers, main), isTriggered(triggers, tag)]).toEqual(expected);
  });

  test("for a pull request into a named branch, by activity", () => {
    const event = pullRequest({ baseRef: "main" });
    expect(isTriggered({ pull_request: {} }, event)).toBe(true);
    expect(isTriggered({ pull_request: { branches: ["dev"] } }, event)).toBe(false);
    expect(isTriggered({ pull_request: { types: ["closed"] } }, event)).toBe(false);
  });

  test("never by changed paths, which the sandbox does not know", () => {
    expect(() => isTriggered({ push: { paths: ["site/**"] } }, main)).toThrow("filters by paths");
  });
});
