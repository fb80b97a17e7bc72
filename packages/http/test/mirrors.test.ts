import { describe, expect, test } from "@jest/globals";
import { mirrored, parseMirrors } from "../src/index.ts";

describe("ORIGIN_MIRRORS", () => {
  test("pairs are separated by line breaks, spaces or commas", () => {
    expect(
      parseMirrors(
        "https://github.com=http://127.0.0.1:4000\n  https://ghcr.io=https://mirror.example/ghcr/,",
      ),
    ).toEqual([
      { origin: "https://github.com", target: "http://127.0.0.1:4000" },
      { origin: "https://ghcr.io", target: "https://mirror.example/ghcr" },
    ]);
    expect(parseMirrors("")).toEqual([]);
  });

  test.each([
    "github.com=http://127.0.0.1",
    "https://github.com",
    "https://github.com/path=http://127.0.0.1",
    "https://github.com=ftp://127.0.0.1",
    "=http://127.0.0.1",
  ])("%s is refused", (pair) => {
    expect(() => parseMirrors(pair)).toThrow(`one of them is "${pair}"`);
  });

  test.each([
    ["https://github.com=http://user:secret@127.0.0.1", "https://github.com=http://***@127.0.0.1"],
    ["https://user:sec@secret@github.com=http://127.0.0.1", "https://***@github.com=http://127.0.0.1"],
    ["https://user:sec//secret=@github.com=http://127.0.0.1", "https://***@github.com=http://127.0.0.1"],
    ["https://github.com=http://127.0.0.1/?token=secret", "https://github.com=http://127.0.0.1/?***"],
  ])("%s is refused without showing its secret", (pair, shown) => {
    expect(() => parseMirrors(pair)).toThrow(`one of them is "${shown}"`);
    expect(() => parseMirrors(pair)).not.toThrow("secret");
  });

  test("an origin has only one target", () => {
    expect(() => parseMirrors("https://a=http://b https://a=http://c")).toThrow("lists https://a twice");
  });

  test.each([
    ["https://github.com/a?b=c%20d", "http://127.0.0.1:4000/a?b=c%20d"],
    ["https://ghcr.io/v2/", "https://mirror.example/ghcr/v2/"],
    ["https://github.com:8443/a", "https://github.com:8443/a"],
    ["http://github.com/a", "http://github.com/a"],
    ["https://github.com.example/a", "https://github.com.example/a"],
  ])("%s is requested from %s", (url, asked) => {
    const mirrors = parseMirrors(
      "https://github.com=http://127.0.0.1:4000 https://ghcr.io=https://mirror.example/ghcr",
    );
    expect(mirrored(new URL(url), mirrors).href).toBe(asked);
  });
});
