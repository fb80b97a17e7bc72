import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "../..");
const packages = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "package.json")),
);

/** The first code block of a language; undefined if there is none. */
function block(markdown: string, language: string): string | undefined {
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(markdown)?.[1];
}

/** What an example prints. It runs in the repository, so that the packages' names resolve. */
async function outputOf(example: string): Promise<string> {
  await mkdir(join(root, ".sandbox"), { recursive: true });
  const folder = await mkdtemp(join(root, ".sandbox", "readme-"));
  try {
    const file = join(folder, "example.ts");
    await writeFile(file, example);
    return (await promisify(execFile)(process.execPath, [file], { cwd: folder })).stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe.each(packages)("the README of packages/%s", (name) => {
  const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");

  test("says what the package is and lists functions that it exports", async () => {
    expect(readme).toMatch(new RegExp(`^# @spin-publisher/${name}\n\n[\\w\`]`));
    const exported = Object.keys(await import(join(root, "packages", name, "src/index.ts")));
    const [list = ""] = /^(?:\| Function \||- `)[\s\S]*?\n\n/im.exec(readme) ?? [];
    const items = list.matchAll(/^(?:\||-) (`[^|:]*`)(?: \||:)/gm);
    const listed = [...items].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`(\w+)/g)].map(([, word]) => word),
    );
    expect(listed.length).toBeGreaterThanOrEqual(3);
    expect(exported).toEqual(expect.arrayContaining(listed));
  });

  test("has an example that runs and prints what the README says", async () => {
    const example = block(readme, "ts") ?? "";
    expect(example).toMatch(/console\.log|assert/);
    const output = await outputOf(example);
    // A block of text below the example is its output, with "…" for whatever differs from run to run.
    const pattern = (block(readme, "text") ?? output)
      .split("…")
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*");
    expect(output).toMatch(new RegExp(`^${pattern}$`));
  });
});
