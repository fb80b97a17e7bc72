import { describe, expect, test } from "@jest/globals";
import { setValues } from "../src/chart/values.ts";

const values = `# Where the image is
image:
  repository: owner/site # written when it is published
  tag: ""
  digest:
  pull: 'Always'   
  a.b: x
ports: [{ containerPort: 3000, name: http }]
list:
  - one
  - {two: 2}
replicas: 1
share: 0.5
enabled: false
text: |
  lines
anchor: &a x
alias: *a
`;

const changed = (path: string, value: string) => {
  const after = setValues(values, { [path]: value }).split("\n");
  return after.filter((line, index) => line !== values.split("\n")[index]);
};

describe("a value is written into values.yaml, and nothing else changes", () => {
  test.each([
    ["image.repository", "octo/site", '  repository: "octo/site" # written when it is published'],
    ["image.tag", "1.10", '  tag: "1.10"'],
    ["image.digest", "sha256:a", '  digest: "sha256:a"'],
    ["image.pull", 'it\'s "quoted" \\ü', `  pull: "it's \\"quoted\\" \\\\ü"   `],
    ["image.a\\.b", "y", '  a.b: "y"'],
    ["ports[0].containerPort", "8080", "ports: [{ containerPort: 8080, name: http }]"],
    ["list[0]", "eins", '  - "eins"'],
    ["list[1].two", "3", "  - {two: 3}"],
    ["replicas", "2", "replicas: 2"],
    ["share", "1", "share: 1"],
    ["enabled", "true", "enabled: true"],
  ])("%s=%s", (path, value, line) => expect(changed(path, value)).toEqual([line]));

  test("several at once, with the byte before and after untouched", () => {
    expect(setValues("a: 1\nb: x", { a: "2", b: "y" })).toBe('a: 2\nb: "y"');
  });

  test.each([
    ["image.repositry", "x", /values.yaml has no "image.repositry"; correct the path or add it there/],
    ["image", "x", /"image", which is not a single value/],
    ["list[5]", "x", /has no "list.5"/],
    ["replicas.x", "1", /has no "replicas.x"/],
    ["text", "x", /"text", which is not a single value/],
    ["alias", "x", /"alias", which is not a single value/],
    ["replicas", "many", /sets "replicas", which is a number in values.yaml, to "many"/],
    ["enabled", "1", /sets "enabled", which is true or false in values.yaml, to "1"/],
    ["", "x", /has the path ""/],
    ["a..b", "x", /has the path "a..b"/],
    [".a", "x", /has the path/],
    ["list[x]", "x", /has the path/],
  ])("%s=%s is refused", (path, value, message) => expect(() => changed(path, value)).toThrow(message));

  test("values.yaml of several documents is refused", () => {
    expect(() => setValues("a: 1\n---\na: 2\n", { a: "3" })).toThrow(/which has 2 documents; keep one/);
  });
});
