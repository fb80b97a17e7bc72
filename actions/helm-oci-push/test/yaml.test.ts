import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { editMap } from "../src/yaml/edit.ts";
import { writeGoJson } from "../src/yaml/go-json.ts";
import { formatFloat } from "../src/yaml/go-number.ts";
import { readYamlText } from "../src/yaml/read.ts";
import { resolveScalar } from "../src/yaml/resolve-scalar.ts";
import type { JsonValue } from "../src/yaml/value.ts";

const read = (text: string) => readYamlText(text, "the file");

describe("a plain scalar means what it means to Helm", () => {
  test.each([
    ["yes", { kind: "boolean", value: true }],
    ["OFF", { kind: "boolean", value: false }],
    ["yEs", { kind: "text" }],
    ["~", { kind: "null" }],
    ["0x10", { kind: "integer", value: 16n }],
    ["010", { kind: "integer", value: 8n }],
    ["0o10", { kind: "integer", value: 8n }],
    ["0b11", { kind: "integer", value: 3n }],
    ["1_000", { kind: "integer", value: 1000n }],
    ["08", { kind: "float", value: 8 }],
    ["18446744073709551615", { kind: "integer", value: 18446744073709551615n }],
    ["+18446744073709551615", { kind: "float", value: 18446744073709552000 }],
    ["1e6", { kind: "float", value: 1_000_000 }],
    [".5", { kind: "float", value: 0.5 }],
    ["1e999", { kind: "text" }],
    ["12:30", { kind: "text" }],
    ["2001-02-28", { kind: "timestamp" }],
    ["2001-02-29", { kind: "text" }],
    ["1.2.3", { kind: "text" }],
    ["<<", { kind: "text" }],
  ])("%s", (plain, meaning) => expect(resolveScalar(plain)).toEqual(meaning));
});

describe("a field is edited, and nothing else", () => {
  const file = `# the chart
name: site # its name
Version: 1.10   # quoted from now on
VERSION: 1.11
appVersion: !!str &v 7
keywords:
- yes
- 010
empty:
annotations: {a: *v, "b":  'c'}

description: >-
  folded
  text
# the end
`;

  const edit = (changes: Record<string, string | null>) => editMap(file, new Map(Object.entries(changes)));
  const lines = (text: string) => text.split("\n");

  test.each<[string, Record<string, string | null>, readonly string[], readonly string[]]>([
    [
      "a value, wherever the key is written and in whatever case",
      { version: "2.0.0" },
      ["Version: 1.10   # quoted from now on", "VERSION: 1.11"],
      ['Version: "2.0.0"   # quoted from now on', 'VERSION: "2.0.0"'],
    ],
    ["a field that was not there", { home: "yes: no" }, [], ['home: "yes: no"']],
    ["a field that goes", { name: null }, ["name: site # its name"], ["name: null # its name"]],
    ["a list", { keywords: "x" }, ["keywords:", "- yes", "- 010"], ['keywords: "x"']],
    ["a block", { description: "x" }, ["description: >-", "  folded", "  text"], ['description: "x"']],
    ["a field without a value", { empty: "x" }, ["empty:"], ['empty: "x"']],
  ])("%s", (_what, changes, gone, added) => {
    const edited = lines(edit(changes));
    expect(lines(file).filter((line) => !edited.includes(line))).toEqual(gone);
    expect(edited.filter((line) => !lines(file).includes(line))).toEqual(added);
  });

  test.each([
    ["{name: a, version: 1}", '{name: a, version: 1, home: "x"}'],
    ["  name: a\n  version: 1", '  name: a\n  version: 1\n  home: "x"\n'],
    ["name: a\r\n", 'name: a\r\nhome: "x"\n'],
    ["name: a\n---\nname: b\n", 'name: a\nhome: "x"\n---\nname: b\n'],
    ["--- # c\nname: a\n...\n", '--- # c\nname: a\nhome: "x"\n...\n'],
  ])("a field is added to %j", (text, edited) =>
    expect(editMap(text, new Map([["home", "x"]]))).toBe(edited),
  );

  test.each([
    "emoji 😀",
    "12:30",
    "a: b",
    "=",
    "<<",
    "1.10",
    "it's",
    "'tis",
    "a\nb\n",
    "A rather long description that certainly goes past eighty columns so that we can see whether the writer folds it or not.",
  ])("%j is read back as it was given", (value) => {
    const edited = editMap("name: site\n", new Map([["description", value]]));
    expect(read(edited)).toEqual(new Map([...Object.entries({ name: "site", description: value })]));
  });

  test("whatever the text is, it is read back", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 });
    fc.assert(
      fc.property(text, text, (value, other) => {
        const before = editMap("a: 1\n", new Map([["other", other]]));
        expect(read(editMap(before, new Map([["description", value]])))).toEqual(
          new Map<string, unknown>([
            ["a", 1n],
            ["other", other],
            ["description", value],
          ]),
        );
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  test("a list of maps in place of another", () => {
    const dependency = new Map<string, JsonValue>([
      ["name", "a"],
      ["enabled", true],
      ["import-values", [1.5]],
    ]);
    const edited = editMap(
      "dependencies:\n- name: b\nname: site\n",
      new Map([["dependencies", [dependency]]]),
    );
    expect(read(edited)).toEqual(
      new Map<string, unknown>([
        ["dependencies", [dependency]],
        ["name", "site"],
      ]),
    );
  });
});

describe("a number becomes a string as in Helm", () => {
  test.each([
    [1.1, "1.1"],
    [123456789.5, "1.2345679e+08"],
    [999999.5, "999999.5"],
    [1e21, "1e+21"],
    [1e-7, "1e-07"],
    [0.0001, "0.0001"],
    [-0, "-0"],
    [1.5e300, "+Inf"],
  ] as const)("%d", (value, written) => expect(formatFloat(value)).toBe(written));
});

describe("JSON is written as Go writes it", () => {
  test("with HTML and line separators escaped, everything else as it is", () => {
    expect(writeGoJson('<a> & "ü" \u2028\u2029')).toBe('"\\u003ca\\u003e \\u0026 \\"ü\\" \\u2028\\u2029"');
  });
});

describe("YAML is read as Helm reads it", () => {
  test("merge keys: what is written later wins, and of several maps the first", () => {
    expect(read("a: &a {p: 1, q: 1}\nb: &b {p: 2, r: 2}\nc: {p: 0, <<: [*a, *b], q: 3}")).toEqual(
      new Map([
        [
          "a",
          new Map([
            ["p", 1n],
            ["q", 1n],
          ]),
        ],
        [
          "b",
          new Map([
            ["p", 2n],
            ["r", 2n],
          ]),
        ],
        [
          "c",
          new Map([
            ["p", 1n],
            ["r", 2n],
            ["q", 3n],
          ]),
        ],
      ]),
    );
  });

  test("the last of two equal keys wins, only the first document counts, an empty file is null", () => {
    expect(read("a: 1\na: 2\n---\nb: [")).toEqual(new Map([["a", 2n]]));
    expect(read("# nothing\n")).toBeNull();
  });

  test.each([
    [
      "a separator ends a line of a block, and is kept",
      "a: |\n  x\u2028  y\u2029\u2028  z\n",
      "x\u2028y\u2029\u2028z\n",
    ],
    ["a block may begin with one", "a: |2-\n\u2028  x", "\u2028x"],
    ["NEL ends a line of a block, as a line feed", "a: |\n  x\u0085  y\n", "x\ny\n"],
    ["elsewhere blanks around a separator go", "a: 'x \u2028  y'\n", "x\u2028y"],
    ["but not those around an escaped one", 'a: "x \\L  y"\n', "x \u2028  y"],
    ["and NEL is a blank", "a: x\u0085y\n", "x y"],
    ["after a block all is as before", "b: |\n  x\na: x \u2028 y\n", "x\u2028y"],
  ])("line breaks of YAML 1.1: %s", (_what, text, value) => {
    const map = read(text);
    expect(map instanceof Map ? map.get("a") : map).toBe(value);
  });

  test("a tag that YAML does not define means nothing", () => {
    expect(read("[!mine 1, !mine, !mine yes]")).toEqual(["1", "", "yes"]);
  });

  test("tags decide what a value is", () => {
    expect(read("[!!str 1, !!int 2, !!float 3]")).toEqual(["1", 2n, 3]);
    expect(() => read("!!int a")).toThrow(/the file tags the value "a" with !!int, which it is not/);
  });

  test.each([
    ["a: [", /the file is not valid YAML/],
    ["a: *b", /the file/],
    ["a: &a [*a]", /the alias \*a, which refers to nothing or to itself/],
    ["? [a]\n: b", /a key that is neither a string nor a number/],
    ["<<: 1", /merges \("<<"\) something that is not a map/],
  ])("%j is refused", (text, message) => expect(() => read(text)).toThrow(message));

  test("endless nesting is refused", () => {
    expect(() => read("[".repeat(20_000))).toThrow(/^the file is nested too deeply to be read\.$/);
  });

  test("aliases that multiply are refused before they fill the memory", () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(10)}]`,
    );
    expect(() => read(`a0: &a0 [x]\n${levels.join("\n")}`)).toThrow(/expands to more than/);
  });
});
