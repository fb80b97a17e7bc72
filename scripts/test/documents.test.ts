import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "@jest/globals";

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
  const named = [...read("docs/threat-model.md").matchAll(/\| \[[^\]]+\]\(\.\.\/(\S+?)\) "(.*)" \|$/gm)];
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

  test.each(["packages/oci", "actions/build-shim"])(
    "says which question each room of %s answers",
    (place) => {
      const folders = readdirSync(join(root, place, "src"), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name);
      expect(folders.filter((name) => !text.includes(`| \`${name}\` |`))).toEqual([]);
    },
  );

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
