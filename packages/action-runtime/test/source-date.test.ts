import { describe, expect, test } from "@jest/globals";
import { sourceDate, sourceDateEpoch } from "../src/source-date.ts";

const environment = (text: string | undefined) => (text === undefined ? {} : { SOURCE_DATE_EPOCH: text });

describe("the source date", () => {
  test.each([
    [undefined, undefined],
    ["", undefined],
    ["0", "1970-01-01T00:00:00Z"],
    ["1767225600", "2026-01-01T00:00:00Z"],
    ["253402300799", "9999-12-31T23:59:59Z"],
  ])("of SOURCE_DATE_EPOCH=%j is %j", (text, date) => {
    expect(sourceDate(environment(text))).toBe(date);
  });

  test.each([
    [undefined, undefined],
    ["", undefined],
    ["0", 0],
    ["1767225600", 1_767_225_600],
  ])("of SOURCE_DATE_EPOCH=%j is %j in seconds", (text, seconds) => {
    expect(sourceDateEpoch(environment(text))).toBe(seconds);
  });

  test.each(["-1", "1.5", "1e3", "today", " 1", "253402300800", "9".repeat(400)])(
    "of SOURCE_DATE_EPOCH=%j is an error",
    (text) => {
      expect(() => sourceDate(environment(text))).toThrow("must be a number of seconds since 1970");
    },
  );
});
