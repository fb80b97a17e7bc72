import { describe, expect, test } from "@jest/globals";
import { zipSync } from "fflate";
import { unzip } from "../src/index.ts";

const limits = { totalBytes: 1 << 20, entries: 100 };
const text = (value: string) => new TextEncoder().encode(value);

/** A zip whose every occurrence of one name is replaced by another of the same length, behind the packer's back. */
function renamed(from: string, to: string, archive: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(archive).toString("latin1").replaceAll(from, to), "latin1");
}

describe("unzip", () => {
  test("returns the files of an archive and skips its folders", () => {
    const archive = zipSync({ "b/": new Uint8Array(), "b/run": text("#!"), "a/é": text("x".repeat(5000)) });
    expect(unzip(archive, limits)).toEqual([
      { path: "b/run", bytes: text("#!"), executable: false },
      { path: "a/é", bytes: text("x".repeat(5000)), executable: false },
    ]);
  });

  test("reads files stored without compression", () => {
    expect(unzip(zipSync({ a: text("plain") }, { level: 0 }), limits)).toEqual([
      { path: "a", bytes: text("plain"), executable: false },
    ]);
  });

  test("keeps only the requested files", () => {
    const archive = zipSync({ a: text("a"), b: text("b") });
    expect(unzip(archive, limits, (path) => path === "b").map(({ path }) => path)).toEqual(["b"]);
  });

  test.each([
    ["a path above the archive", "../evil"],
    ["a path above it, in the middle", "a/../../e"],
    ["an absolute path", "/evil"],
    ["a Windows path", "..\\evil"],
    ["a Windows drive", "C:\\evil"],
  ])("refuses %s", (_name, path) => {
    expect(() => unzip(zipSync({ [path]: text("x") }), limits)).toThrow(`the path "${path}" leaves it`);
  });

  test("refuses the same file twice", () => {
    const archive = renamed("bb", "aa", zipSync({ aa: text("1"), bb: text("2") }));
    expect(() => unzip(archive, limits)).toThrow('contains "aa" twice');
  });

  test("refuses the same file under two spellings", () => {
    const archive = zipSync({ aa: text("1"), "./aa": text("2") });
    expect(() => unzip(archive, limits)).toThrow('contains "aa" twice');
  });

  test("refuses more entries than allowed", () => {
    const archive = zipSync({ a: text("a"), b: text("b") });
    expect(() => unzip(archive, { ...limits, entries: 1 })).toThrow("more than 1 entries");
  });

  test("stops a decompression bomb before it unpacks it", () => {
    const bomb = zipSync({ bomb: new Uint8Array(4 << 20) });
    expect(() => unzip(bomb, limits)).toThrow("unpacks to more than 1048576 bytes");
  });

  test("unpacks no more than an entry's declared size", () => {
    const archive = Buffer.from(zipSync({ bomb: new Uint8Array(4 << 20) }));
    const directory = archive.lastIndexOf(Buffer.from("PK\x01\x02", "latin1"));
    archive.writeUInt32LE(10, directory + 24); // uncompressed size (APPNOTE 4.3.12)
    expect(unzip(archive, limits)[0]?.bytes.length).toBe(10);
  });

  test.each([
    ["a truncated archive", zipSync({ a: text("x".repeat(5000)) }).subarray(0, 60)],
    ["something else", text("<html>not found</html>")],
  ])("reports %s as damaged", (_name, archive) => {
    expect(() => unzip(archive, limits)).toThrow("damaged or not a zip");
  });
});
