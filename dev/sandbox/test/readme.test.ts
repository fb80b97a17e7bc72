import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "@jest/globals";
import { testNeeding } from "../src/testing.ts";

const test = testNeeding("the sandbox's runner");

const root = join(import.meta.dirname, "../../..");

test("the README's example publishes the chart", async () => {
  const readme = await readFile(join(import.meta.dirname, "../README.md"), "utf8");
  const [, example = ""] = /```ts\n([\s\S]*?)\n```/.exec(readme) ?? [];
  await mkdir(join(root, ".sandbox"), { recursive: true });
  const folder = await mkdtemp(join(root, ".sandbox", "readme-"));
  try {
    await writeFile(join(folder, "example.ts"), example);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "example.ts")], {
      cwd: root,
    });
    expect(stdout).toMatch(
      /^0 127\.0\.0\.1:\d+\/octo-org\/site\/charts\/bart:1\.0\.3@sha256:[0-9a-f]{64} \d+\n$/,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
