import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { readVersions } from "../version.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const documents = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.md", ":!dev"],
  { cwd: root, encoding: "utf8" },
)
  .split("\n")
  // The site's pages link to each other's addresses, not files.
  .filter((path) => path !== "" && !path.startsWith("site/") && existsSync(join(root, path)));

/** Markdown without its fenced blocks. */
function prose(markdown: string): string {
  return markdown.replace(/^(`{3,}).*\n[\s\S]*?\n\1$/gm, "");
}

/** Relative links of a document, each as a path from the root and the heading it names. */
function linksOf(path: string): readonly { readonly file: string; readonly heading: string }[] {
  const targets = [...prose(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", heading = ""] = target.split("#");
      return { file: file === "" ? path : normalize(join(dirname(path), file)), heading };
    });
}

/** What GitHub calls the headings of a document in links. */
function headingsOf(markdown: string): readonly string[] {
  return [...prose(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("there are documents to check", () => expect(documents.length).toBeGreaterThan(15));

describe.each(documents)("%s", (path) => {
  test("links to files and headings that exist", () => {
    const dead = linksOf(path).filter(
      ({ file, heading }) =>
        !existsSync(join(root, file)) ||
        (heading !== "" && file.endsWith(".md") && !headingsOf(read(file)).includes(heading)),
    );
    expect(dead).toEqual([]);
  });
});

test("every test that the threat model names exists", () => {
  const named = [...read("docs/threat-model.md").matchAll(/\[[^\]]+\]\(\.\.\/(\S+?\.test\.ts)\) "([^"]+)"/g)];
  const missing = named.flatMap(([, file = "", title = ""]) =>
    existsSync(join(root, file)) && read(file).includes(title) ? [] : `${file}: "${title}"`,
  );
  expect(named.length).toBeGreaterThan(30);
  expect(missing).toEqual([]);
});

test("every invariant of the threat model has a test", () => {
  const rows = (read("docs/threat-model.md").split("## Invariants")[1] ?? "")
    .split("## ")[0]
    ?.split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1);
  expect(rows?.filter((row) => !row.includes(".test.ts](../"))).toEqual([]);
});

describe("docs/architecture.md", () => {
  const text = read("docs/architecture.md");

  test("names files and folders that exist", () => {
    const paths = [
      ...text.matchAll(/`((?:packages|actions|scripts|dev|charts|\.github)\/[^`<>*]*|dev|scripts)`/g),
    ];
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.map(([, path = ""]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("draws the rooms that the rules know, each with its imports and its question", () => {
    // The object literal of the rules is also YAML.
    const literal =
      /const rooms[^=]*= (\{[\s\S]*?\n\});/.exec(read("scripts/test/imports.test.ts"))?.[1] ?? "{}";
    const rules: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = parse(literal);
    const drawn = Object.keys(rules).map((place) => {
      const table = text.split(`| room of ${place} | imports | question |\n`)[1]?.split("\n\n")[0] ?? "";
      const rows = [...table.matchAll(/^\| `([\w-]+)` \| ([^|]+) \| [A-Z][^|]+\? \|$/gm)];
      return [
        place,
        Object.fromEntries(rows.map(([, room = "", names = ""]) => [room, names.replace("–", "")])),
      ];
    });
    const expected = Object.entries(rules).map(([place, rooms]) => [
      place,
      Object.fromEntries(Object.entries(rooms).map(([room, names]) => [room, names.join(", ")])),
    ]);
    expect(expected.length).toBeGreaterThan(3);
    expect(Object.fromEntries(drawn)).toEqual(Object.fromEntries(expected));
  });

  test("names every package and action", () => {
    const places = ["packages", "actions"].flatMap((top) => readdirSync(join(root, top)));
    expect(places.filter((name) => !text.includes(name))).toEqual([]);
  });
});

test("every decision is listed", () => {
  const listed = read("docs/decisions/README.md");
  const records = readdirSync(join(root, "docs/decisions")).filter((name) => /^\d{4}-/.test(name));
  expect(records.filter((name) => !listed.includes(`(${name})`))).toEqual([]);
});

test("the changelog has a section for each version that is to be released", () => {
  const { site, chart } = readVersions(read);
  const sections = [...read("CHANGELOG.md").matchAll(/^## \[([^\]]+)\]/gm)].map(([, tag]) => tag);
  expect(sections).toEqual(expect.arrayContaining([site, `chart-${chart}`]));
});

test("every make target that a document names exists", () => {
  const targets = [...read("Makefile").matchAll(/^([a-z-]+(?: [a-z-]+)*):(?!=)/gm)].flatMap(
    ([, names = ""]) => names.split(" "),
  );
  const named = documents.flatMap((path) =>
    [...read(path).matchAll(/(?:`|^\$ )make ([a-z][a-z-]*)/gm)].map(([, target = ""]) => ({ path, target })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ target }) => !targets.includes(target))).toEqual([]);
});
