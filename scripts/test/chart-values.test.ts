import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { valuesOf, withValues } from "../chart-values.ts";
import { withIncludes } from "../includes.ts";

describe("the values of a chart", () => {
  test("are documented by the comment right above them, and a map as a whole", () => {
    const yaml = [
      "# About the file.",
      "image:",
      "  # -- Tag of the image.",
      "  # Quote it.",
      '  tag: ""',
      "",
      "# -- Who may connect.",
      "from: []",
      "# Not for the table.",
      "# -- How it is replaced.",
      "strategy:",
      "  type: RollingUpdate",
      "  # a remark",
      "  max: 1",
      "# -- Nothing by default.",
      "env: null",
    ].join("\n");
    expect(valuesOf(yaml)).toEqual([
      { path: "image.tag", description: "Tag of the image. Quote it.", default: '""' },
      { path: "from", description: "Who may connect.", default: "[]" },
      {
        path: "strategy",
        description: "How it is replaced.",
        default: '{"type":"RollingUpdate","max":1}',
      },
      { path: "env", description: "Nothing by default.", default: "null" },
    ]);
  });

  test("need a description each", () => {
    expect(() => valuesOf("image:\n  # Not one.\n  tag: ''\n")).toThrow("does not describe image.tag");
    expect(() => valuesOf("# -- Far away.\n\nreplicas: 1\n")).toThrow("does not describe replicas");
  });

  test("stand in a table, long ones by reference", () => {
    const yaml = `# -- Text with a | in it.\na: 1\n# -- Long.\nb: ${"x".repeat(50)}\n`;
    const readme = "# Chart\n\n<!-- values -->\nold\n<!-- /values -->\n";
    expect(withValues(readme, yaml)).toContain("| `a`   | Text with a \\| in it. | `1`             |");
    expect(withValues(readme, yaml)).toContain("| `b`   | Long.                 | see values.yaml |");
    expect(withValues(readme, yaml)).not.toContain("old");
  });
});

describe("bart's values and schema", () => {
  const read = (file: string) => readFileSync(join(import.meta.dirname, "../../charts/bart", file), "utf8");
  const schema = JSON.parse(read("values.schema.json"));

  test("know the same values of the chart", () => {
    const unknown = valuesOf(read("values.yaml")).filter(({ path }) => {
      const [first = "", second] = path.split(".");
      const property = schema.properties[first];
      return property === undefined || (second !== undefined && property.properties?.[second] === undefined);
    });
    expect(unknown).toEqual([]);
  });

  test("close every object that is the chart's own", () => {
    const own = new Set(
      valuesOf(read("values.yaml")).flatMap(({ path }) => /^(\w+)\./.exec(path)?.[1] ?? []),
    );
    expect([...own].filter((name) => schema.properties[name].additionalProperties !== false)).toEqual([]);
    expect(schema.additionalProperties).toBe(false);
  });
});

describe("a guide", () => {
  const files: Readonly<Record<string, string>> = { "a/b.yaml": "# What it is.\n# More.\nkind: A\n# kept\n" };
  const read = (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error(`There is no ${path}.`);
    return text;
  };
  const block = "<!-- include a/b.yaml -->\n```yaml\nkind: A\n# kept\n```\n<!-- /include -->";

  test("includes a file without the comment at its top", () => {
    expect(withIncludes("x\n<!-- include a/b.yaml -->\n<!-- /include -->\ny", read)).toBe(`x\n${block}\ny`);
  });

  test("stays as it is when it is made again", () => {
    expect(withIncludes(block, read)).toBe(block);
  });

  test("names a file that does not exist, and a block that does not end", () => {
    expect(() => withIncludes("<!-- include c.yaml -->\n<!-- /include -->", read)).toThrow("c.yaml");
    expect(() => withIncludes("<!-- include a/b.yaml -->\ntext", read)).toThrow("does not end");
  });
});
