import { expect, test } from "@jest/globals";
import { changesOf } from "../src/changelog.ts";

test.each([
  ["0.1.2", "Two.\nLines."],
  ["0.1.1", "One."],
  ["chart-1.0.3", "Chart."],
  ["9.9.9", ""],
])("the changes of %s are its section of the changelog", (tag, expected) => {
  const changelog =
    "# Changelog\n\n## [0.1.2] - 2026-11-20\n\nTwo.\nLines.\n\n## 0.1.1\n\nOne.\n\n## [chart-1.0.3]\n\nChart.\n";
  expect(changesOf(changelog, tag)).toBe(expected);
});
