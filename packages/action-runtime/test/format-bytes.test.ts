import { expect, test } from "@jest/globals";
import { formatBytes } from "../src/format-bytes.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [10_485_760, "10.0 MiB"],
  [5 * 1024 ** 4, "5120.0 GiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
