import { expect, test } from "@jest/globals";
import { progressLines } from "../src/progress-lines.ts";

const total = { blobs: 20_000, bytes: 40 << 20 };

test("an upload of more than five seconds is reported every five seconds, with what is done and the total", () => {
  let time = 1000;
  const lineFor = progressLines(() => time);
  const lines = Array.from({ length: 17 }, (_, second) => {
    time = 1000 + second * 1000;
    const done = { blobs: second * 1000, bytes: second << 20 };
    return lineFor({ kind: "progress", done, total });
  });
  expect(lines.flatMap((line, second) => (line === undefined ? [] : [[second, line]]))).toEqual([
    [5, "  uploading: 5,000 of 20,000 blobs, 5.0 MiB of 40.0 MiB"],
    [10, "  uploading: 10,000 of 20,000 blobs, 10.0 MiB of 40.0 MiB"],
    [15, "  uploading: 15,000 of 20,000 blobs, 15.0 MiB of 40.0 MiB"],
  ]);
});

test("a shorter upload, its end and other events are not", () => {
  let time = 0;
  const lineFor = progressLines(() => time);
  expect(lineFor({ kind: "progress", done: { blobs: 0, bytes: 0 }, total })).toBeUndefined();
  time = 4999;
  expect(lineFor({ kind: "progress", done: { blobs: 1, bytes: 1 }, total })).toBeUndefined();
  time = 60_000;
  expect(lineFor({ kind: "progress", done: total, total })).toBeUndefined();
  expect(lineFor({ kind: "retry", what: "x", because: "y", delayMilliseconds: 1 })).toBeUndefined();
});
