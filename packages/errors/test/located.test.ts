import { describe, expect, test } from "@jest/globals";
import { LocatedError, locationOf, namingFiles } from "../src/index.ts";

describe("the location of an error", () => {
  const located = new LocatedError("spin.toml:3: no such key.", { file: "spin.toml", line: 3 });

  test("is the file and line it was found in", () => {
    expect(locationOf(located)).toEqual({ file: "spin.toml", line: 3 });
    expect(located.message).toBe("spin.toml:3: no such key.");
  });

  test("is that of a cause where the error has none", () => {
    expect(locationOf(new Error("No content.", { cause: located }))).toEqual({ file: "spin.toml", line: 3 });
  });

  test.each([[new Error("x")], ["x"], [undefined]])("is unknown for %p", (error) => {
    expect(locationOf(error)).toBeUndefined();
  });

  test("is unknown where causes form a circle", () => {
    const error = new Error("a");
    error.cause = error;
    expect(locationOf(error)).toBeUndefined();
  });

  test("is the file that the system refuses to read", async () => {
    const refused = Object.assign(new Error("EACCES"), { code: "EACCES", path: "/site/a.md" });
    const error = await namingFiles(() => Promise.reject(refused)).catch((error: unknown) => error);
    expect(locationOf(error)).toEqual({ file: "/site/a.md", line: undefined });
  });
});
