import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { errorCode, messageOf, namingFiles, whyUnreadable, whyUnwritable } from "../src/index.ts";

const systemError = (code: string) => Object.assign(new Error(code), { code });

test.each([
  ["EACCES", "cannot be read: the job's user has no permission; grant it with chmod"],
  ["EPERM", "cannot be read: the job's user has no permission; grant it with chmod"],
  ["ENOENT", "was removed while it was being read; do not change files while publishing"],
  ["EISDIR", "cannot be read: it is a folder where a file is expected"],
  ["EIO", "cannot be read (EIO); check the disk"],
])("%s is explained", (code, expected) => expect(whyUnreadable(systemError(code))).toBe(expected));

test.each([
  ["EACCES", "the job's user may not write to it"],
  ["EROFS", "it is read-only"],
  ["ENOSPC", "its disk is full"],
  ["ENOTDIR", "it is not a folder"],
  ["EIO", "the system refuses to write to it (EIO)"],
])("%s of a write is explained", (code, expected) => {
  expect(whyUnwritable(systemError(code))).toBe(expected);
});

test("an error without a code is explained too", () => {
  expect(whyUnreadable(new Error("odd"))).toBe("cannot be read; check the disk");
});

test("the advice names what is being published", () => {
  expect(whyUnreadable(systemError("ENOENT"), "the chart")).toContain("do not change the chart");
});

test("messages and codes are read from anything that was thrown", () => {
  expect(messageOf(new Error("broken"))).toBe("broken");
  expect(messageOf("text")).toBe("text");
  expect(errorCode(systemError("EIO"))).toBe("EIO");
  expect(errorCode({ code: 5 })).toBeUndefined();
  expect(errorCode(null)).toBeUndefined();
});

test("a system error about a file names the file; other errors are unchanged", async () => {
  await expect(namingFiles(() => readFile(import.meta.dirname, { flag: "r+" }))).rejects.toThrow(
    "it is a folder",
  );
  await expect(namingFiles(async () => readFile("/does/not/exist"))).rejects.toThrow(
    '"/does/not/exist" was removed',
  );
  const other = new Error("other");
  await expect(namingFiles(() => Promise.reject(other))).rejects.toBe(other);
});
