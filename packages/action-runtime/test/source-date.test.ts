import { expect, test } from "@jest/globals";
import { sourceDate } from "../src/source-date.ts";

test.each([
  [undefined, undefined],
  ["", undefined],
  ["0", "1970-01-01T00:00:00Z"],
  ["1767225600", "2026-01-01T00:00:00Z"],
  ["253402300799", "9999-12-31T23:59:59Z"],
])("SOURCE_DATE_EPOCH=%j makes artifacts say %j", (text, said) => {
  if (text !== undefined) expect(sourceDate(text)).toBe(said);
  else expect(sourceDate()).toBe(said);
});

test.each(["-1", "1.5", "1e3", "today", " 1", "253402300800", "9".repeat(400)])(
  "SOURCE_DATE_EPOCH=%j is refused",
  (text) => {
    expect(() => sourceDate(text)).toThrow("must be seconds since 1970");
  },
);
