import { expect, test } from "@jest/globals";
import { findingsOf } from "../workflow-lint.ts";

test("what actionlint does not know yet is no finding; everything else is", () => {
  const output = [
    'publish.yaml:96:7: unexpected key "queue" for "concurrency" section. expected one of "cancel-in-progress", "group" [syntax-check]',
    'publish.yaml:118:15: specifying action "$/actions/build-shim" in invalid format because ref is missing [action]',
    'consolidated.yaml:90:11: reusable workflow call "$/.github/workflows/publish.yaml" at "uses" is not following the format [workflow-call]',
    'consolidated.yaml:200:9: configuration variable name "github_releases" must not start with the GITHUB_ prefix [expression]',
    "",
  ].join("\n");
  expect(findingsOf(output)).toEqual([
    'consolidated.yaml:200:9: configuration variable name "github_releases" must not start with the GITHUB_ prefix [expression]',
  ]);
});
