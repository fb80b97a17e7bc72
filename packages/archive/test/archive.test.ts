import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { extract, pack } from "tar-stream";
import { gzip, storedGzip, storedTarGzip, type TarEntry, tar, untar } from "../src/index.ts";

const limits = { totalBytes: 1 << 20, entries: 100 };
const text = (value: string) => new TextEncoder().encode(value);
const file = (path: string, content = path): TarEntry => ({ type: "file", path, bytes: text(content) });

/** An archive with headers as hostile as a test wants them, which `tar` would refuse to write. */
async function foreignArchive(
  ...headers: Array<Record<string, unknown> & { name: string }>
): Promise<Uint8Array> {
  const archive = pack();
  for (const { content = "x", ...header } of headers) {
    if (header.type === undefined) archive.entry(header, String(content));
    else archive.entry(header);
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}

describe("tar and gzip", () => {
  test("produce the same bytes everywhere and at any time", async () => {
    const bytes = gzip(
      await tar([
        { type: "directory", path: "etc" },
        { type: "file", path: "etc/run", bytes: text("#!"), executable: true },
        file("env.vars", "BUILD_ID=1\n"),
        file(`${"d".repeat(90)}/${"é".repeat(60)}`),
      ]),
    );
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(
      "b841a2602423b7e80c233d7b4009d589c2ad8374a6f84d123ae7b6e922afbe55",
    );
  });

  test("without compression hold the same tar, and the same bytes however they arrive", async () => {
    const entries = [file("a", "x".repeat(150_000)), file("b", ""), file("c")];
    const collect = async (chunks: AsyncIterable<Uint8Array>) =>
      Buffer.concat(await Readable.from(chunks).toArray());
    const whole = await tar(entries);
    const stored = await collect(storedTarGzip(Readable.from(entries)));
    expect(gunzipSync(stored)).toEqual(whole);
    for (const size of [1000, 65_535, 200_000]) {
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        whole.subarray(index * size, (index + 1) * size),
      );
      expect((await collect(storedGzip(Readable.from(pieces)))).equals(stored)).toBe(true);
    }
    expect((await untar(stored, limits)).map(({ path, bytes }) => [path, bytes.length])).toEqual([
      ["a", 150_000],
      ["b", 0],
      ["c", 1],
    ]);
  });

  test("preserve links and folders that all users may write to", async () => {
    const archive = await tar([
      { type: "directory", path: "tmp", shared: true },
      { type: "symlink", path: "cache", target: "/tmp" },
    ]);
    const headers: unknown[] = [];
    const unpack = extract();
    unpack.on("entry", ({ name, type, mode, linkname }, _stream, next) => {
      headers.push({ name, type, mode, linkname });
      next();
    });
    await pipeline(Readable.from([archive]), unpack);
    expect(headers).toEqual([
      { name: "tmp/", type: "directory", mode: 0o1777, linkname: null },
      { name: "cache", type: "symlink", mode: 0o777, linkname: "/tmp" },
    ]);
  });

  test("produce the same bytes everywhere at the level of charts too", () => {
    const bytes = gzip(text("key: value\n".repeat(1000)), 6);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(
      "9b7fc71d048ca23d30ac36055f19f3ed74e6dbd6610e3c29cf14663ff111ed53",
    );
  });

  test("a gzip header contains neither a time nor an operating system", () => {
    expect([...gzip(text("x")).subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  });

  test("zlib reads back what was written", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        for (const level of [6, 9] as const)
          expect(Buffer.compare(gunzipSync(gzip(bytes, level)), bytes)).toBe(0);
      }),
    );
  });

  test.each(["/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "", "a\0b"])(
    "no entry is called %j",
    async (path) => {
      await expect(tar([file(path)])).rejects.toThrow("cannot be a path in an archive");
    },
  );

  test("a path cannot occur twice", async () => {
    await expect(tar([file("a"), file("a")])).rejects.toThrow('would contain "a" twice');
  });
});

describe("untar", () => {
  test("returns the files of an archive, in order, and whether they are executable", async () => {
    const archive = gzip(
      await tar([
        { type: "directory", path: "b" },
        { type: "file", path: "b/run", bytes: text("#!"), executable: true },
        file("a/é"),
      ]),
    );
    expect(await untar(archive, limits)).toEqual([
      { path: "b/run", bytes: Buffer.from("#!"), executable: true },
      { path: "a/é", bytes: Buffer.from("a/é"), executable: false },
    ]);
  });

  test("keeps only the requested files", async () => {
    const archive = gzip(await tar([file("a"), file("b")]));
    expect((await untar(archive, limits, (path) => path === "b")).map(({ path }) => path)).toEqual(["b"]);
  });

  test("ignores a leading ./, which GNU tar writes", async () => {
    expect((await untar(await foreignArchive({ name: "./a" }), limits)).map(({ path }) => path)).toEqual([
      "a",
    ]);
  });

  test.each([
    ["a path above the archive", { name: "../evil" }, 'the path "../evil" leaves it'],
    ["a path above it, in the middle", { name: "a/../../evil" }, "leaves it"],
    ["an absolute path", { name: "/evil" }, "leaves it"],
    ["a Windows path", { name: "..\\evil" }, "leaves it"],
    ["a symbolic link", { name: "a", type: "symlink", linkname: "/etc" }, '"a" is a symlink'],
    ["a hard link", { name: "a", type: "link", linkname: "b" }, '"a" is a link'],
    ["a device", { name: "a", type: "character-device" }, '"a" is a character-device'],
  ])("refuses %s", async (_name, header, message) => {
    await expect(untar(await foreignArchive(header), limits)).rejects.toThrow(message);
  });

  test("refuses the same file twice", async () => {
    await expect(untar(await foreignArchive({ name: "a" }, { name: "a" }), limits)).rejects.toThrow("twice");
  });

  test("refuses more entries than allowed", async () => {
    const archive = await foreignArchive({ name: "a" }, { name: "b" });
    await expect(untar(archive, { ...limits, entries: 1 })).rejects.toThrow("more than 1 entries");
  });

  test("stops a decompression bomb at the limit", async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20));
    await expect(untar(bomb, limits)).rejects.toThrow("unpacks to more than 1048576 bytes");
  });

  test.each([
    [
      "a truncated archive",
      async () => (await foreignArchive({ name: "a", content: "x".repeat(5000) })).subarray(0, 60),
    ],
    [
      "a truncated tar in a whole gzip",
      async () => gzipSync((await tar([file("a", "x".repeat(5000))])).subarray(0, 1000)),
    ],
    ["something else", async () => text("<html>not found</html>")],
  ])("reports %s as damaged", async (_name, archive) => {
    await expect(untar(await archive(), limits)).rejects.toThrow("damaged or not a gzipped tar");
  });
});
