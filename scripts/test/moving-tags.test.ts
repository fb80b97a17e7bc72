import { expect, test } from "@jest/globals";
import { parseTag, planRefs, type Version } from "../moving-tags.ts";

const version = (tag: string): Version => {
  const parsed = parseTag(tag);
  if (parsed === undefined) throw new Error(tag);
  return parsed;
};

test.each(["v1", "1.0.0", "v1.0", "v1.0.0.0", "v1.0.0+5", "chart-1.0.0", ""])(
  "%j is not a version of the actions",
  (tag) => {
    expect(parseTag(tag)).toBeUndefined();
  },
);

test.each([
  ["v1.0.0", [], ["v1", "v1.0"], true],
  ["v1.0.1", ["v1.0.0", "v1", "v1.0"], ["v1", "v1.0"], true],
  ["v1.10.0", ["v1.9.0"], ["v1", "v1.10"], true],
  ["v1.0.1", ["v1.0.0", "v1.1.0"], ["v1.0"], false],
  ["v1.0.5", ["v1.0.4", "v2.0.0"], ["v1", "v1.0"], false],
  ["v1.0.4", ["v1.0.5", "v1.1.0"], [], false],
  ["v2.0.0", ["v1.9.9", "v2.0.0-rc.1"], ["v2", "v2.0"], true],
  ["v2.0.0-rc.1", ["v1.9.9"], [], false],
  ["v1.0.0", ["v1.0.0", "nightly"], ["v1", "v1.0"], true],
])("%s beside %j moves %j, and main: %s", (tag, present, moving, main) => {
  expect(planRefs(version(tag), present)).toEqual({ moving, main });
});
