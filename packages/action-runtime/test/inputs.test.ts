import { afterEach, describe, expect, test } from "@jest/globals";
import { choice, flag, lines, pairs, requiredText, text } from "../src/inputs.ts";

/** Inputs reach an action as `INPUT_<NAME>`; hyphens stay (actions/runner, `ActionRunner`). */
function given(name: string, value: string): void {
  process.env[`INPUT_${name.toUpperCase()}`] = value;
}

afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("INPUT_")) delete process.env[name];
});

describe("inputs", () => {
  test("are trimmed, and empty where they are not given", () => {
    given("image", "  ghcr.io/o/r \n");
    expect(text("image")).toBe("ghcr.io/o/r");
    expect(text("absent")).toBe("");
  });

  test("that are required say so when they are empty", () => {
    expect(() => requiredText("reference")).toThrow('Input "reference" is required');
  });

  test.each([
    ["true", true],
    ["TRUE", true],
    ["false", false],
    ["False", false],
  ])("%s is a flag", (value, expected) => {
    given("dry-run", value);
    expect(flag("dry-run")).toBe(expected);
  });

  test.each(["", "yes", "1", "tRue"])("%j is not a flag", (value) => {
    given("dry-run", value);
    expect(() => flag("dry-run")).toThrow(`must be true or false, but it is "${value}"`);
  });

  test("with fixed values name them", () => {
    given("engine", "docker");
    expect(() => choice("engine", ["auto", "native", "cli"])).toThrow(
      'one of auto, native, cli, but it is "docker"',
    );
    given("engine", "cli");
    expect(choice("engine", ["auto", "native", "cli"])).toBe("cli");
  });

  test("with lines skip empty ones", () => {
    given("aliases", "\n latest \n\n main\n");
    expect(lines("aliases")).toEqual(["latest", "main"]);
  });

  test("with pairs split at the first equals sign", () => {
    given("annotations", "a=1\nb = x=y\nc=");
    expect(pairs("annotations")).toEqual({ a: "1", b: "x=y", c: "" });
  });

  test("with pairs skip empty lines and comments", () => {
    given("values", "# the image\na=1\n\n  # b=2\nc=#3\n");
    expect(pairs("values")).toEqual({ a: "1", c: "#3" });
  });

  test("with pairs keep a key such as __proto__ a key", () => {
    given("annotations", "__proto__=x");
    expect(Object.entries(pairs("annotations"))).toEqual([["__proto__", "x"]]);
  });

  test.each([
    ["novalue", 'one of them is "novalue"'],
    ["=x", 'one of them is "=x"'],
    ["a=1\na=2", 'sets "a" twice'],
  ])("the pairs %j are refused", (value, message) => {
    given("annotations", value);
    expect(() => pairs("annotations")).toThrow(message);
  });
});
