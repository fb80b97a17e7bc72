import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { writeGoJson } from "../src/yaml/go-json.ts";
import { formatFloat } from "../src/yaml/go-number.ts";
import { compareKeys } from "../src/yaml/key-order.ts";
import { readYamlText } from "../src/yaml/read.ts";
import { meaningOf } from "../src/yaml/resolve-scalar.ts";
import { writeYaml } from "../src/yaml/write.ts";

const read = (text: string) => readYamlText(text, "the file");
const write = (value: string) => writeYaml(new Map([["description", value]]));

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
  ])("%s", (plain, meaning) => expect(meaningOf(plain)).toEqual(meaning));
});

describe("Chart.yaml is written as Helm writes it", () => {
  test("a long line is folded at the first blank after column 80", () => {
    const line =
      "A rather long description that certainly goes past eighty columns so that we can see whether the emitter folds the plain scalar or not.";
    expect(write(line)).toBe(
      "description: A rather long description that certainly goes past eighty columns so\n  that we can see whether the emitter folds the plain scalar or not.\n",
    );
  });

  test.each([
    ["emoji 😀", '"emoji \\U0001F600"'],
    ["12:30", '"12:30"'],
    ["a: b", "'a: b'"],
    ["=", "="],
    ["<<", "<<"],
    ["1.10", '"1.10"'],
    ["it's", "it's"],
    ["'tis", "'''tis'"],
    ["a\nb\n", "|\n  a\n  b"],
  ])("%j", (value, written) => expect(write(value)).toBe(`description: ${written}\n`));

  test("what is written is read back as the same text", () => {
    // U+2028 in a quoted text is written the way go-yaml writes it, which nobody reads back.
    const text = fc
      .string({ unit: "grapheme", maxLength: 200 })
      .filter((one) => !/[\u0085\u2028\u2029\r]/.test(one));
    fc.assert(
      fc.property(text, (value) => {
        expect(read(write(value))).toEqual(new Map([["description", value]]));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  test("keys are sorted as people count", () => {
    const keys = ["a10", "a9", "A", "10", "9", "b", "a", "a-b", "a010", "b/c"];
    expect(keys.sort(compareKeys)).toEqual(["9", "10", "A", "a", "a-b", "a9", "a10", "a010", "b", "b/c"]);
  });

  test.each([
    [1.1, 32, "1.1"],
    [123456789.5, 32, "1.2345679e+08"],
    [123456789.5, 64, "1.234567895e+08"],
    [999999.5, 64, "999999.5"],
    [1e21, 64, "1e+21"],
    [1e-7, 64, "1e-07"],
    [0.0001, 64, "0.0001"],
    [-0, 64, "-0"],
    [1.5e300, 32, "+Inf"],
  ] as const)("the number %d at %d bits", (value, bits, written) =>
    expect(formatFloat(value, bits)).toBe(written),
  );
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

  test("the last of two equal keys wins, only the first document counts, nothing is null", () => {
    expect(read("a: 1\na: 2\n---\nb: [")).toEqual(new Map([["a", 2n]]));
    expect(read("# nothing\n")).toBeNull();
  });

  test("tags decide where they can", () => {
    expect(read("[!!str 1, !!int 2, !!float 3]")).toEqual(["1", 2n, 3]);
    expect(() => read("!!int a")).toThrow(/the file tags the value "a" with !!int, which it is not/);
  });

  test.each([
    ["a: [", /the file is not valid YAML/],
    ["a: *b", /the file/],
    ["a: &a [*a]", /the alias \*a, which stands for nothing or for itself/],
    ["? [a]\n: b", /a key that is neither text nor a number/],
    ["<<: 1", /merges \("<<"\) something that is not a map/],
  ])("%j is refused", (text, message) => expect(() => read(text)).toThrow(message));

  test("what is nested without end is refused", () => {
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
