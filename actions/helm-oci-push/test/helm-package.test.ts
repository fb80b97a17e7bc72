import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { parseChartYaml } from "../src/chart/chart-yaml.ts";
import { lockJson, parseLock } from "../src/chart/lock.ts";
import { metadataJson } from "../src/chart/metadata.ts";
import { writeGoJson } from "../src/yaml/go-json.ts";
import { chartYaml, packagedTree, type Tree, temporaryFolder, tgzOf, writeTree } from "./chart-folder.ts";
import { describeWithHelm, helmPackages, runHelm } from "./helm.ts";

const seed = 20261122;
jest.setTimeout(60_000); // Helm is a process of its own, and there may be other work for the cores

/** Packages the charts with Helm and with our code; each chart is called like its key. */
async function compare(charts: Readonly<Record<string, Tree>>): Promise<void> {
  await using folder = await temporaryFolder();
  const names = Object.keys(charts);
  const folders = names.map((name) => join(folder.path, name));
  for (const [name, tree] of Object.entries(charts)) await writeTree(join(folder.path, name), tree);
  const theirs = await helmPackages(folder.path, folders);
  for (const name of names) {
    const ours = await packagedTree(join(folder.path, name), folder.path);
    const file = [...theirs.keys()].find((candidate) => candidate.startsWith(`${name}-`));
    const expected = inOurOrder(theirs.get(file ?? "") ?? new Map(), ours);
    expect([name, ...[...ours].map(meaning)]).toEqual([name, ...expected.map(meaning)]);
  }
}

/** Helm writes Chart.yaml and Chart.lock anew: they are compared by what they mean, everything else by its bytes. */
function meaning([path, content]: readonly [string, string]): readonly [string, string] {
  const bytes = Buffer.from(content, "latin1");
  if (/^[^/]+(?:\/charts\/[^/]+)*\/Chart\.yaml$/.test(path))
    return [path, writeGoJson(metadataJson(parseChartYaml(bytes, path)))];
  if (!/^[^/]+(?:\/charts\/[^/]+)*\/Chart\.lock$/.test(path)) return [path, content];
  const lock = parseLock(bytes, path);
  return [path, lock === undefined ? "" : writeGoJson(lockJson(lock))];
}

/** Helm leaves the order of sub-charts to chance; everything else has to be in the same order. */
function inOurOrder(
  theirs: ReadonlyMap<string, string>,
  ours: ReadonlyMap<string, string>,
): readonly (readonly [string, string])[] {
  const subcharts = (path: string) => path.match(/^[^/]+(?:\/charts\/[^/]+)*(?=\/)/)?.[0] ?? "";
  const order = [...new Set([...ours.keys()].map(subcharts))];
  return [...theirs].sort(
    ([left], [right]) => order.indexOf(subcharts(left)) - order.indexOf(subcharts(right)),
  );
}

const titled = (name: string, rest = "") => `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${rest}`;

describeWithHelm("a package holds the files that helm package writes", () => {
  test("for everything that a chart can hold", async () => {
    const library = { "Chart.yaml": titled("library", "type: library\n"), "templates/_l.tpl": "{{/* l */}}" };
    const packed = await tgzOf(
      { ...library, ".helmignore": "templates/", "README.md": "\ufeffread me" },
      "whatever",
    );
    await compare({
      files: {
        "Chart.yaml": titled("files", "description: |\n  two\n  lines\nUnknown: field\n"),
        "values.yaml": "# only a comment\n",
        "values.schema.json": '{ "type": "object" }',
        "templates/b.yaml": "b: {{ .Values.b }}\r\n",
        "templates/.hidden": "not packaged",
        "templates/sub/.hidden": "packaged",
        "templates/sub/a.yaml": "a: 1",
        "crds/x.yaml": "kind: x",
        "README.md": "readme",
        LICENSE: "licence",
        ".dotfile": "dot",
        "Zebra/a": "upper case before lower case",
        "a.b/x": "the dot sorts before the slash",
        "a/x": "a",
        "ä/ü.txt": "not ASCII",
        [`${"long/".repeat(30)}name.txt`]: "more than a hundred bytes",
        [`${"n".repeat(200)}.txt`]: "a name that no ustar header can hold",
        "empty.txt": "",
      },
      marks: {
        "Chart.yaml": `\ufeff${titled("marks")}`,
        "values.yaml": "\ufeffa: 1\n",
        "templates/a.yaml": "\ufeffa: 1\n",
        "a.txt": "\ufeff\ufefftwo marks, one goes",
        ".helmignore": "\ufeff*.md\n",
        "README.md": "gone",
      },
      nested: {
        "Chart.yaml": titled(
          "nested",
          "dependencies: [{name: a, version: 1.0.0}, {name: library, version: '*'}]",
        ),
        "charts/a/Chart.yaml": titled("a"),
        "charts/a/.helmignore": "values.yaml\n",
        "charts/a/values.yaml": "kept: the rules of a sub-chart are plain text",
        "charts/a/charts/b/Chart.yaml": titled("b", "annotations: {z: 1, a: yes}"),
        "charts/library-1.0.0.tgz": packed,
        "charts/library-1.0.0.tgz.prov": "signature",
        "charts/_private/Chart.yaml": "ignored",
        "charts/.hidden/Chart.yaml": "ignored",
        "charts/undeclared/Chart.yaml": titled("undeclared"),
        "charts/undeclared/templates/x.yaml": "x: 1",
      },
      locked: {
        "Chart.yaml": titled(
          "locked",
          "dependencies:\n- name: a\n  version: ^1\n  repository: https://example.com",
        ),
        "Chart.lock":
          'digest: sha256:0\n# gone\ngenerated: 2023-02-27T09:29:28.420100-05:00\ndependencies:\n  - {version: 1.0.0, repository: "https://example.com", name: a}\n',
        "charts/a/Chart.yaml": titled("a"),
      },
      old: {
        "Chart.yaml": "name: old\nversion: 0.1.0\nengine: gotpl\n",
        "requirements.yaml":
          "dependencies:\n- name: a\n  version: 1.0.0\n  repository: https://example.com\n",
        "requirements.lock": "dependencies: []\ndigest: x\ngenerated: 2020-01-01T00:00:00Z\n",
        "Chart.lock": "dependencies: []\ndigest: x\ngenerated: 2020-01-01T00:00:00Z\n",
        "charts/a/Chart.yaml": titled("a"),
      },
      mixed: {
        "Chart.yaml": titled("mixed"),
        "requirements.yaml":
          "dependencies:\n- name: a\n  version: 1.0.0\n  repository: https://example.com\n",
        "requirements.lock": "dependencies: []\ndigest: x\ngenerated: 2020-01-01T00:00:00.100Z\n",
        "charts/a/Chart.yaml": titled("a"),
      },
      emptied: {
        "Chart.yaml": titled(
          "emptied",
          "dependencies: [{name: a, version: 1.0.0}]\nkeywords: [kept]\nannotations: {kept: x}\n",
        ),
        "requirements.yaml": "dependencies:\nkeywords: ~\nhome: ~\n",
      },
      separators: {
        "Chart.yaml": titled(
          "separators",
          [
            "description: plain \u2028   text \u2029 here",
            "annotations:",
            "  block: |",
            "    one\u2028    two\u2029\u2028    three",
            "    four\u0085    five",
            "  folded: >-",
            "    one\u2028    two",
            "    three",
            '  double: "one \u2028   two\\L  three"',
            "  single: 'one \u2029   two'",
            "  after: a",
          ].join("\n"),
        ),
      },
      links: {
        "Chart.yaml": titled("links"),
        "real/a.txt": "a",
        "to-file": { link: "real/a.txt" },
        "to-folder": { link: "real" },
        "templates/shared.yaml": { link: "../real/a.txt" },
      },
    });
  });

  const scalars: readonly string[] = [
    '"emoji 😀"',
    "12:30",
    '"12:30"',
    "a: b".replace(/^(.*)$/, '"$1"'),
    "=",
    "<<",
    "yes",
    '"yes"',
    "Off",
    '"~"',
    '"null"',
    '""',
    "010",
    "0o17",
    "0b11",
    "0x1F",
    "1_000",
    "-12",
    "+12",
    "08",
    "1.10",
    "1e6",
    "-0.0",
    "123456789.5",
    "1e-7",
    ".5",
    "18446744073709551615",
    "18446744073709551616",
    ".inf",
    "-.INF",
    ".nan",
    "2001-01-01",
    '"2001-1-1"',
    '"2001-02-30"',
    '"2001-12-14t21:59:43.10-05:00"',
    '"2001-12-14 21:59:43.10"',
    '"190:20:30"',
    '"- dash"',
    '"-dash"',
    '"? what"',
    '": colon"',
    '"colon:"',
    '"co:lon"',
    '"ha #sh"',
    '"ha#sh"',
    '"\'quoted\' and \\"quoted\\""',
    '"%percent"',
    '"@at"',
    '"`tick"',
    '"{brace"',
    '"[1]"',
    '"a,b"',
    '"--- "',
    '"..."',
    '" lead"',
    '"trail "',
    '"tab\\there"',
    '"back\\\\slash"',
    '"nbsp\\_x"',
    '"nel\\Nx"',
    '"nels \\N \\N x"',
    '"ls\\Lx ps\\Px"',
    '"bom\\uFEFFx"',
    '"\\uFEFFall of it"',
    '"zero\\0bell\\aesc\\e"',
    '"line\\nfeed"',
    '"line\\nfeed\\n"',
    '"line\\n\\n"',
    '"\\n"',
    '"\\n\\nlate"',
    '"  indented\\n  block"',
    '"blank \\nbefore break"',
    '"break\\n before blank"',
    '"tab\\n\\tblock"',
    '"emoji 😀\\nblock"',
    '"ends with blank\\n "',
    '"carriage\\r\\nreturn"',
    `"${"words of a long line ".repeat(12)}"`,
    `"${"two  blanks  here  ".repeat(12)}"`,
    `"'${"quoted words, with: colon ".repeat(12)}"`,
    `"😀 ${"double quoted   words ".repeat(12)}"`,
    `"${"x".repeat(100)} ${"y".repeat(100)} z"`,
    `"${"ä".repeat(79)} counts characters not bytes"`,
  ];

  test("for every kind of scalar in Chart.yaml", async () => {
    const annotations = scalars.map((scalar, index) => `  key${index}: ${scalar}`).join("\n");
    const keywords = scalars
      .filter((scalar) => scalar !== '"zero\\0bell\\aesc\\e"')
      .map((scalar) => `- ${scalar}`);
    await compare({
      annotations: { "Chart.yaml": titled("annotations", `annotations:\n${annotations}\n`) },
      keywords: { "Chart.yaml": titled("keywords", `keywords:\n${keywords.join("\n")}\n`) },
      keys: {
        "Chart.yaml": titled(
          "keys",
          `annotations: {"9": a, "10": b, A: c, a9: d, a10: e, a010: f, "a b": g, 'a"b': h, yes: i, 1.10: j, "12:30": k, "": l,
            "two\\nlines": m, "two\\nlines ": "n\\nn", "${"k".repeat(128)}": o, "${"k".repeat(129)}": p, "é": q, "a-b": r, "😀": s, "a/b.c/d-1": t}`,
        ),
      },
      fields: {
        "Chart.yaml": `NAME: fields
apiVersion: v2
Version: 1.0.0
appVersion: 1.10
kubeVersion: ">=1.23.0-0"
type: application
deprecated: yes
home: https://example.com
icon: https://example.com/icon.svg
condition: a.b
tags: c
sources: [https://example.com/a, ~]
keywords: []
maintainers: [{name: A, email: a@example.com, url: "https://example.com"}, {}, {Name: B}]
description: "tab\\tnewline\\nbell\\a\\u00a0nbsp \\u200b zero width"
annotations: {}
dependencies:
- {name: a, version: 1.0.0, repository: "", alias: other, condition: x.y, tags: [front, "a&b"], enabled: true}
- name: a
  version: ">=1.0.0 <2.0.0"
  import-values: [defaults, {parent: p, child: c}, 1.5, 1e21, 12345678901234567890, {z: ~, a: [true, {}]}]
`,
        "charts/a/Chart.yaml": titled("a"),
      },
      merged: {
        "Chart.yaml": titled(
          "merged",
          "base: &base {description: from the anchor, home: a}\n<<: *base\nhome: b\nannotations: {a: &a text, b: *a}\n---\nname: second document\n",
        ),
      },
    });
  });

  /** Text in double quotes with every other character escaped: the reader has no part in what is compared. */
  const quoted = (text: string) =>
    `"${[...text].map((character) => (/[A-Za-z0-9 ]/.test(character) ? character : `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`)).join("")}"`;

  test("for random text in Chart.yaml", async () => {
    const nasty = [..." \n\t:#-?'\"%@`{}[],&*!|>~=<yn01.9_eé\u00a0\u0085\u2028\u2029\ufeff😀\\\u0007\r"];
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...nasty), maxLength: 12 }),
      fc
        .array(fc.string({ unit: fc.constantFrom(...nasty, ..."abcdefgh"), maxLength: 14 }), {
          maxLength: 30,
        })
        .map((words) => words.join(" ")),
    );
    const texts = fc.sample(fc.array(text, { minLength: 8, maxLength: 12 }), { seed, numRuns: 60 });
    await compare(
      Object.fromEntries(
        texts.map((some, index) => [
          `random${index}`,
          {
            "Chart.yaml": titled(
              `random${index}`,
              `description: ${quoted(some[0] ?? "")}\nannotations:\n${some.map((value, key) => `  k${key}: ${quoted(value)}\n`).join("")}keywords:\n${some.map((value) => `- ${quoted(value)}\n`).join("")}`,
            ),
          },
        ]),
      ),
    );
  });

  test("for random .helmignore files over random trees", async () => {
    const name = fc.constantFrom("a", "b", "ab", "a.md", "b.txt", ".x", "foo", "Foo", "templates", "-", "!f");
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
    const piece = fc.constantFrom(
      "a",
      "b",
      "*",
      "?",
      "[a-b]",
      "[^a]",
      "[!f]",
      ".",
      "foo",
      ".md",
      "\\*",
      "/",
      "-",
    );
    const rule = fc
      .tuple(
        fc.constantFrom("", "", "", "", "/", "#", " "),
        fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join("")),
        fc.constantFrom("", "", "/", " ", "\r"),
      )
      .map((parts) => parts.join(""))
      // "**" is refused; of "//" old and new versions of Helm think differently.
      .filter((line) => !line.includes("**") && !line.includes("//"));
    const tree = fc.tuple(fc.array(path, { minLength: 4, maxLength: 14 }), fc.array(rule, { maxLength: 4 }));
    const trees = fc.sample(tree, { seed, numRuns: 120 }).map(([paths, rules], index) => {
      // A path cannot be a file and a folder.
      const files = paths.filter((one) => !paths.some((other) => other.startsWith(`${one}/`)));
      return {
        "Chart.yaml": titled(`ignore${index}`),
        ".helmignore": rules.join("\n"),
        ...Object.fromEntries(files.map((file) => [file, file])),
      };
    });
    await using folder = await temporaryFolder();
    const packaged: Record<string, Tree> = {};
    const refused: Tree[] = [];
    for (const [index, one] of trees.entries()) {
      const at = await writeTree(join(folder.path, String(index)), one);
      await packagedTree(at).then(
        () => Object.assign(packaged, { [`ignore${index}`]: one }),
        () => refused.push(one),
      );
    }
    expect(Object.keys(packaged).length).toBeGreaterThan(60);
    await compare(packaged);
    for (const one of refused.slice(0, 8)) {
      await using alone = await temporaryFolder();
      await writeTree(alone.path, one);
      await expect(runHelm(alone.path, "package", alone.path, "--destination", alone.path)).rejects.toThrow();
    }
  });

  test("for negated rules, which exclude what they do not name", async () => {
    const tree = { "a.md": "a", "README.md": "r", "b.txt": "b", "foo/a.md": "x", "foo/c": "c" };
    const rules = ["!*\n*.md", "!?*\n/foo", "!*/\n", "![A-z.]*\nb.txt", "!*\n!*/\n"];
    await compare(
      Object.fromEntries(
        [rules[0], rules[1], rules[3]].map((rule, index) => [
          `negated${index}`,
          { ...tree, "Chart.yaml": titled(`negated${index}`), ".helmignore": rule ?? "" },
        ]),
      ),
    );
  });
});

describeWithHelm("what helm package refuses is refused", () => {
  const refusals: Readonly<Record<string, Tree>> = {
    "no Chart.yaml": { "chart.yaml": chartYaml },
    "no name": { "Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n" },
    "no version": { "Chart.yaml": "apiVersion: v2\nname: a\n" },
    "a version of four parts": { "Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.2.3.4\n" },
    "a range as version": { "Chart.yaml": "apiVersion: v2\nname: a\nversion: ^1.0.0\n" },
    "a float that looks like a version": { "Chart.yaml": "apiVersion: v2\nname: a\nversion: 7.2445e+06\n" },
    "a pre-release with a leading zero": { "Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.2.3-01\n" },
    "an unknown type": { "Chart.yaml": `${chartYaml}type: foo\n` },
    "keywords that are a string": { "Chart.yaml": `${chartYaml}keywords: a\n` },
    "an annotation that is a map": { "Chart.yaml": `${chartYaml}annotations: {a: {b: c}}\n` },
    "a maintainer that is nothing": { "Chart.yaml": `${chartYaml}maintainers: [~]\n` },
    "a dependency that is nothing": { "Chart.yaml": `${chartYaml}dependencies: [~]\n` },
    "an alias with a dot": {
      "Chart.yaml": `${chartYaml}dependencies: [{name: a, alias: a.b}]\n`,
      "charts/a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n",
    },
    "values that are a list": { "Chart.yaml": chartYaml, "values.yaml": "- a\n" },
    "values that are not YAML": { "Chart.yaml": chartYaml, "values.yaml": "a: [\n" },
    "a schema that is not JSON": { "Chart.yaml": chartYaml, "values.schema.json": "{" },
    "a file in charts/": { "Chart.yaml": chartYaml, "charts/README.md": "no chart" },
    "a damaged package in charts/": { "Chart.yaml": chartYaml, "charts/a-1.0.0.tgz": "no archive" },
    "a double star": { "Chart.yaml": chartYaml, ".helmignore": "a/**\n" },
    "a bracket that is open": { "Chart.yaml": chartYaml, ".helmignore": "a[\n" },
    "a dangling link": { "Chart.yaml": chartYaml, broken: { link: "nowhere" } },
    "a link to a device": { "Chart.yaml": chartYaml, null: { link: "/dev/null" } },
  };

  test.each(Object.entries(refusals))("%s", async (_what, tree) => {
    await using folder = await temporaryFolder();
    const chart = await writeTree(join(folder.path, "chart"), tree);
    await expect(runHelm(folder.path, "package", chart, "--destination", folder.path)).rejects.toThrow();
    await expect(packagedTree(chart)).rejects.toThrow(/./);
  });
});
