import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hasWildcards, matches, parseGlob } from "../src/files/glob.ts";

describe("a glob", () => {
  test.each([
    ["*.md", "a.md", true],
    ["*.md", ".md", true],
    ["*.md", "a.MD", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["?", "é", true],
    ["?", "😀", true],
    ["[abc]", "b", true],
    ["[a-c]", "d", false],
    ["[!a-c]", "d", true],
    ["[!a-c]", "b", false],
    ["[]a]", "]", true],
    ["[!]a]", "]", false],
    ["[!]a]", "b", true],
    ["[-a]", "-", true],
    ["[a-]", "-", true],
    ["[*]", "*", true],
    ["[*]", "a", false],
    ["[?]", "?", true],
    ["[é-ü]", "ö", true],
    ["]", "]", true],
    ["{a,b}", "a", false],
    ["{a,b}", "{a,b}", true],
    ["a\\*", "a*", false],
    ["a\\*", "a\\x", true],
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
  ])("%j against the name %j: %s", (pattern, name, expected) => {
    expect(matches(parseGlob(pattern), name)).toBe(expected);
  });

  test.each([
    ["*.md", "content/a/b.md", true],
    ["content/*", "content/a/b", true],
    ["content", "content/a", false],
    ["**/node_modules", "a/node_modules/x", false],
    ["**/node_modules/**", "a/node_modules/x", true],
    ["**/node_modules/**", "node_modules/a/b", true],
    ["**/node_modules/**", "a/my_node_modules/b", false],
    ["**/b", "b", true],
    ["**/b", "ab", false],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["a/**/b", "a/xb", false],
    ["**/**/b", "a/b", true],
    ["a/**", "a/b/c", true],
    ["a/**", "a", false],
    ["a/**/", "a/b", true],
    ["static/draft.txt", "static/draft.txt", true],
    ["*", ".git/config", true],
  ])("%j against the whole path %j: %s", (pattern, path, expected) => {
    expect(matches(parseGlob(pattern), path)).toBe(expected);
  });

  test.each([
    ["***", "it has more than two stars in a row"],
    ["a**", '"**" must stand alone between slashes'],
    ["**a", '"**" must stand alone between slashes'],
    ["a/b**/c", '"**" must stand alone between slashes'],
    ["[", 'a "[" is not closed'],
    ["[]", 'a "[" is not closed'],
    ["[!]", 'a "[" is not closed'],
    ["a[b", 'a "[" is not closed'],
  ])("cannot be %j", (pattern, message) => {
    expect(() => parseGlob(pattern)).toThrow(message);
  });

  test.each(["a?", "a*", "[a", "a]"])("is suspected in %s", (text) => {
    expect(hasWildcards(text)).toBe(true);
  });

  test("is not suspected in a plain name", () => {
    expect(hasWildcards("a{b}\\c.txt")).toBe(false);
  });

  test("means what the same pattern as a regular expression means", () => {
    const name = fc
      .array(fc.constantFrom("a", "b", "*", "?", "[ab]", "[!a]"), { minLength: 1, maxLength: 4 })
      .map((pieces) => pieces.join("").replace(/\*+/g, "*"));
    const pattern = fc
      .array(fc.oneof(name, fc.constant("**")), { minLength: 1, maxLength: 4 })
      .map((names) => names.join("/"));
    const path = fc
      .array(fc.constantFrom("a", "b", "/", ".", "c"), { maxLength: 8 })
      .map((characters) => characters.join(""));
    fc.assert(
      fc.property(pattern, path, (pattern, path) => {
        expect({ pattern, path, matches: matches(parseGlob(pattern), path) }).toEqual({
          pattern,
          path,
          matches: regularExpressionOf(pattern).test(path),
        });
      }),
      { numRuns: 3000 },
    );
  });

  test("is quick with a pattern that makes others backtrack", () => {
    const steps = `${"*a".repeat(40)}*b`;
    expect(matches(parseGlob(steps), "a".repeat(2000))).toBe(false);
  });
});

function regularExpressionOf(pattern: string): RegExp {
  const source = pattern
    .replace(/(?:\*\*\/)*\*\*$/, "*")
    .replace(/(?:\*\*\/)+/g, "(…)")
    .replace(/\*/g, "[^]*")
    .replace(/\?/g, "[^]")
    .replace(/\[!a\]/g, "[^a]")
    .replace(/\(…\)/g, "(?:[^]*\\/)?");
  return new RegExp(`^${source}$`);
}
