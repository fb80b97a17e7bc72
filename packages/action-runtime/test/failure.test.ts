import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { LocatedError } from "@spin-publisher/errors";
import { annotationOf, runAction } from "../src/failure.ts";

let written: string[];
const { exitCode } = process;

beforeEach(() => {
  written = [];
  jest.spyOn(process.stdout, "write").mockImplementation((text, ...rest) => {
    written.push(String(text));
    for (const callback of rest) if (typeof callback === "function") (callback as () => void)();
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = exitCode;
});

/** What a user sees of an error, and whether the process was ended. */
async function shown(
  error: unknown,
): Promise<{ readonly lines: readonly string[]; readonly ended: boolean }> {
  let ended = false;
  await runAction(
    "content",
    () => Promise.reject(error),
    () => {
      ended = true;
    },
  );
  const lines = written.join("").split("\n");
  return { lines: lines.filter((line) => line !== "" && !line.startsWith("::debug::")), ended };
}

test("an error is one line, exit code 1, and the end of the process", async () => {
  expect(await shown(new Error("No tag."))).toEqual({ lines: ["::error::No tag."], ended: true });
  expect(process.exitCode).toBe(1);
});

test("its causes follow, one line each, and none twice", async () => {
  const cause = new Error("EACCES: denied\n  at the door\n", { cause: new Error("No tag.") });
  expect((await shown(new Error("No tag.", { cause }))).lines).toEqual([
    "::error::No tag.",
    "  caused by: EACCES: denied",
  ]);
});

test("a cause cannot begin a line, where it could be a command to the runner", async () => {
  const cause = new Error("no page\r::add-mask::a\n::error::b");
  expect((await shown(new Error("No tag.", { cause }))).lines).toEqual([
    "::error::No tag.",
    "  caused by: no page",
  ]);
});

test("a cause that causes itself ends", async () => {
  const error = new Error("a");
  error.cause = error;
  expect((await shown(error)).lines).toEqual(["::error::a"]);
});

test("an action that succeeds ends by itself", async () => {
  let ended = false;
  await runAction(
    "content",
    async () => {},
    () => {
      ended = true;
    },
  );
  expect(ended).toBe(false);
});

test("an error in a file is shown beside its line", async () => {
  const error = new LocatedError("site/spin.toml:3: no such key.", {
    file: join(process.cwd(), "site", "spin.toml"),
    line: 3,
  });
  expect((await shown(error)).lines).toEqual([
    "::error file=site/spin.toml,line=3::site/spin.toml:3: no such key.",
  ]);
});

describe("the file of an annotation", () => {
  const located = (file: string) => new LocatedError("Wrong.", { file });

  test.each([
    ["/srv/site/charts/bart/Chart.yaml", { file: "charts/bart/Chart.yaml" }],
    ["charts/bart/Chart.yaml", { file: "charts/bart/Chart.yaml" }],
    ["..data/a", { file: "..data/a" }],
    ["/srv/other/spin.toml", {}],
    ["../other/spin.toml", {}],
    ["/srv/site", {}],
  ])("for %j in /srv/site is %j", (file, annotation) => {
    expect(annotationOf(located(file), "/srv/site")).toEqual(annotation);
  });

  test("is found where the checkout is reached through a link", () => {
    const folder = mkdtempSync(join(tmpdir(), "failure-"));
    mkdirSync(join(folder, "real"));
    writeFileSync(join(folder, "real", "spin.toml"), "");
    symlinkSync(join(folder, "real"), join(folder, "link"));
    expect(annotationOf(located(join(folder, "real", "spin.toml")), join(folder, "link"))).toEqual({
      file: "spin.toml",
    });
    rmSync(folder, { recursive: true });
  });
});
