import { expect, test } from "@jest/globals";
import { secondsText, sizeText, tableOf } from "../table.ts";

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

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [10_485_760, "10.0 MiB"],
  [5 * 1024 ** 4, "5120.0 GiB"],
])("%d bytes read %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test("times are in seconds", () => {
  expect(secondsText(1234.5)).toBe("1.23 s");
});
