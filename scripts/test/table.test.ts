import { expect, test } from "@jest/globals";
import { secondsText, tableOf } from "../table.ts";

test("a table aligns words to the left and numbers to the right", () => {
  expect(
    tableOf(
      ["step", "time", ""],
      [
        ["build", "1.20 s", "ok"],
        ["push", "10.00 s", ""],
      ],
    ),
  ).toEqual(["step      time", "─────  ───────  ──", "build   1.20 s  ok", "push   10.00 s"]);
});

test("times are in seconds", () => {
  expect(secondsText(1234.5)).toBe("1.23 s");
});
