import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";

const root = join(import.meta.dirname, "../..");
const makefile = readFileSync(join(root, "Makefile"), "utf8");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const make = (...args: readonly string[]) =>
  execFileSync("make", ["--no-print-directory", ...args], { cwd: root, encoding: "utf8" });

/** Targets that are not files: every one is declared `.PHONY`. */
const targets = [...makefile.matchAll(/^\.PHONY: (.+)$/gm)].flatMap(([, names = ""]) => names.split(" "));

const test = testNeeding("make");

describe("make help", () => {
  test("lists every target", () => {
    const listed = make("help")
      .split("\n")
      .filter((line) => line !== "");
    expect(
      listed.flatMap((line) => /^ {2}make ([a-z, -]+?) {2,}\S/.exec(line)?.[1]?.split(", ") ?? [line]).sort(),
    ).toEqual([...targets].sort());
  });

  test("fits on a screen of 120 columns", () => {
    expect(
      make("help")
        .split("\n")
        .filter((line) => line.length > 120),
    ).toEqual([]);
  });
});

describe("targets of the Makefile", () => {
  test("run scripts of package.json, so that pnpm run does the same", () => {
    const run = [...makefile.matchAll(/^\t@\$\(RUN\) ([\w-]+)/gm)].map(([, name = ""]) => name);
    expect(run.filter((name) => scripts[name] === undefined)).toEqual([]);
    expect(run.length).toBeGreaterThan(9);
  });

  test("clean keeps the installed packages, and distclean removes them", () => {
    expect(make("-n", "clean")).not.toContain("node_modules");
    expect(make("-n", "distclean")).toContain("node_modules");
  });
});
