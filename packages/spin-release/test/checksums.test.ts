import { describe, expect, test } from "@jest/globals";
import { parseChecksums } from "../src/checksums.ts";

const origin = "https://mirror.example/checksums.txt";
const [one, two] = ["1".repeat(64), "2".repeat(64)];

describe("a checksums file", () => {
  test("is read as sha256sum writes it, in text and in binary mode, on any system", () => {
    expect(parseChecksums(`${one}  spin-a.tar.gz\n${two.toUpperCase()} *spin-b.zip\r\n\n`, origin)).toEqual(
      new Map([
        ["spin-a.tar.gz", one],
        ["spin-b.zip", two],
      ]),
    );
  });

  test("may name a file twice, if it says the same", () => {
    expect(parseChecksums(`${one}  a\n${one}  a\n`, origin).get("a")).toBe(one);
  });

  test.each([
    ["a web page", "<!DOCTYPE html>\n"],
    ["a checksum that was cut off", `${one.slice(1)}  a\n`],
    ["a checksum of another kind", `${one}${one}  a\n`],
    ["a line without a name", `${one}  \n`],
  ])("is refused when it holds %s", (_name, text) => {
    expect(() => parseChecksums(`${two}  ok\n${text}`, origin)).toThrow(
      "to contain lines as sha256sum prints them",
    );
  });

  test.each(["<!DOCTYPE html>\n<html>", "\n<html lang=en>", "<?xml version='1.0'?>"])(
    "that is a web page is recognised: %j",
    (text) => {
      expect(() => parseChecksums(text, origin)).toThrow(
        `${origin} answered with a web page instead of a checksums file. Check the mirror or proxy`,
      );
    },
  );

  test("is refused when it is empty", () => {
    expect(() => parseChecksums("\n", origin)).toThrow(`${origin} is empty`);
  });

  test("is refused when it contradicts itself", () => {
    expect(() => parseChecksums(`${one}  a\n${two}  a\n`, origin)).toThrow("two different checksums for a");
  });
});
