import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { lintWithHelm, type Run } from "../src/lint/helm.ts";
import { lint } from "../src/lint/lint.ts";
import { lintStructure } from "../src/lint/structure.ts";
import { mistakeIn } from "../src/lint/template.ts";
import { readYamlText } from "../src/yaml/read.ts";
import { chartOf, chartYaml, temporaryFolder, writeTree } from "./chart-folder.ts";

const sound = { "values.yaml": "", "templates/a.yaml": "" };
const findings = async (yaml: string, files: Readonly<Record<string, string>> = sound) =>
  lintStructure(await chartOf({ "Chart.yaml": yaml, ...files }), readYamlText(yaml, "Chart.yaml"));

describe("the structure of a chart", () => {
  test("a sound chart has no findings", async () => expect(await findings(chartYaml)).toEqual([]));

  test.each<[string, string, Readonly<Record<string, string>>]>([
    [
      "dependencies of a chart of apiVersion v1, in requirements.yaml",
      "apiVersion: v1\nname: a\nversion: 1.0.0\n",
      {
        ...sound,
        "requirements.yaml": "dependencies: [{name: b, version: 1.0.0, repository: https://b.test}]\n",
      },
    ],
    ["version 0.0.0", "apiVersion: v2\nname: a\nversion: 0.0.0\n", sound],
    ["version 0.0.0-1", "apiVersion: v2\nname: a\nversion: 0.0.0-1\n", sound],
    ["a page without a scheme", `${chartYaml}maintainers: [{name: a, url: github.com/a}]\n`, sound],
    ["an icon in the chart itself", `${chartYaml}icon: "data:image/svg+xml;base64,PHN2Zy8+"\n`, sound],
    ["a source with a scheme of its own", `${chartYaml}sources: ["git+ssh://git@a.test:a/b"]\n`, sound],
  ])("as in Helm nothing is wrong with %s", async (_what, yaml, files) =>
    expect(await findings(yaml, files)).toEqual([]),
  );

  test("an e-mail address without end takes no longer than a short one", async () => {
    const endless = `a@${".".repeat(200_000)} x`;
    expect(await findings(`${chartYaml}maintainers: [{name: a, email: "${endless}"}]\n`)).toHaveLength(1);
  });

  test("an error names the file, and the line where there is one", async () => {
    const wrong = { ...sound, "templates/a.yaml": "a: 1\n\nb: {{ .Values.b }\n" };
    const chart = await chartOf({ "Chart.yaml": chartYaml, ...wrong });
    const refused = lint(chart, readYamlText(chartYaml, ""), new Uint8Array(), {
      mode: "auto",
      folder: "site",
    });
    await expect(refused).rejects.toMatchObject({ file: "site/templates/a.yaml", line: 3 });
  });

  test.each([
    [
      "apiVersion: v2\nname: a\nversion: 1.10\n",
      sound,
      'version: 1.10 in Chart.yaml is read as the number 1.1; quote it: "1.10"',
    ],
    [
      `${chartYaml}appVersion: 1.10\n`,
      sound,
      'appVersion: 1.10 in Chart.yaml is read as the number 1.1; quote it: "1.10"',
    ],
    ["apiVersion: v2\nname: a\nversion: 0.0.0-0\n", sound, "the version in Chart.yaml must be above 0.0.0-0"],
    ["name: a\nversion: 1.0.0\n", sound, 'Chart.yaml has no "apiVersion"; add "apiVersion: v2"'],
    [`${chartYaml}appVersion: yes\n`, sound, '"appVersion" in Chart.yaml is not a string; quote it'],
    [
      "apiVersion: v1\nname: a\nversion: 1.0.0\ndependencies: [{name: b, version: 1.0.0}]\n",
      sound,
      '"dependencies" in Chart.yaml needs apiVersion: v2; in v1 they belong in requirements.yaml',
    ],
    ["name: a\nversion: 1.0.0\ntype: library\n", sound, '"type" in Chart.yaml needs apiVersion: v2'],
    [
      `${chartYaml}maintainers: [{email: a@b.c}]`,
      sound,
      "each of the maintainers in Chart.yaml needs a name",
    ],
    [
      `${chartYaml}maintainers: [{name: a, email: nobody}]`,
      sound,
      '"nobody" in the maintainers of Chart.yaml is not an e-mail address',
    ],
    [`${chartYaml}sources: [here]`, sound, '"here" in the sources of Chart.yaml is not an address'],
    [`${chartYaml}icon: icon.png`, sound, 'the icon "icon.png" in Chart.yaml is not an address'],
    [
      chartYaml,
      { ...sound, "templates/a.json": "" },
      "templates/a.json is not a .yaml, .yml, .tpl or .txt file",
    ],
    [
      chartYaml,
      { ...sound, "templates/a.yaml": "a: 1\nb: {{ .Values.b }\n" },
      'templates/a.yaml:2: the action does not end in "}}"',
    ],
    [
      chartYaml,
      { ...sound, "charts/b/Chart.yaml": "apiVersion: v2\nname: b\nversion: 1.0.0" },
      "charts/ contains b, which is not in the dependencies of Chart.yaml",
    ],
  ])("%j: error", async (yaml, files, message) => {
    expect(await findings(yaml, files)).toContainEqual(
      expect.objectContaining({ severity: "error", message }),
    );
  });

  test.each([
    [`${chartYaml}engine: gotpl\n`, sound, '"engine" in Chart.yaml is a field that Helm does not know'],
    [chartYaml, { "values.yaml": "" }, "the chart has no templates/"],
    [
      chartYaml,
      { ...sound, "Chart.lock": "dependencies: [{name: a, version: 1.0.0, repository: https://a.test}]\n" },
      "Chart.lock is left over: Chart.yaml has no dependencies; delete it",
    ],
  ])("%j: warning", async (yaml, files, message) => {
    expect(await findings(yaml, files)).toEqual([{ severity: "warning", message }]);
  });
});

describe("the form of a template", () => {
  const mistake = (template: string) => {
    const found = mistakeIn({ path: "t", bytes: Buffer.from(template) });
    return found === undefined ? undefined : `t:${found.line}: ${found.message}`;
  };

  test.each([
    "no action }} at all",
    "{{ .Values.a }} {{- .b -}}",
    '{{ "}}" }}{{ `{{\n}}` }}{{ \'}\' }}{{ "\\"}}" }}',
    '{{/* {{ } " */}}{{- /* a\nb */ -}}',
    "{{ if (eq .a (b)) }}{{ else if .c }}{{ else }}{{ end }}",
    '{{- define "x" -}}{{ range $i, $e := .l }}{{ with $e }}{{ break }}{{ end }}{{ end }}{{end}}',
    '{{ block "b" . }}{{ end }}{{ endless }}{{ ifs }}{{ .end }}{{ template "if" }}',
    "{{\n  toYaml .a\n  | nindent 4\n}}",
  ])("has no mistake: %j", (template) => expect(mistake(template)).toBeUndefined());

  test.each([
    ["{{ .a", 't:1: the action does not end in "}}"'],
    ["\n\n{{ .a }\n", 't:3: the action does not end in "}}"'],
    ["{{ .a {{ .b }}", 't:1: the action does not end in "}}"'],
    ['a\n{{ "x }}\n"', 't:2: the action has a string that begins with " and does not end'],
    ["{{ `x }}", "t:1: the action has a string that begins with ` and does not end"],
    ["{{/* x }}", 't:1: the action is a comment that does not end in "*/}}"'],
    ["{{/* x */ .a }}", 't:1: the action is a comment that does not end in "*/}}"'],
    ["{{ (eq .a .b }}", 't:1: the action lacks a ")"'],
    ["{{ eq .a .b) }}", 't:1: the action has one ")" too many'],
    ["{{ if .a }}\n{{ with .b }}\n{{ end }}", "t:1: the block that begins here has no {{ end }}"],
    ["{{ if .a }}{{ end }}\n{{- end }}", "t:2: {{ end }} ends nothing"],
  ])("has one: %j", (template, message) => expect(mistake(template)).toBe(message));
});

describe("linting", () => {
  const chart = () => chartOf({ "Chart.yaml": chartYaml, ...sound });
  const withHelm = (outcome: Awaited<ReturnType<typeof lintWithHelm>>) => async () => outcome;
  const document = readYamlText(chartYaml, "Chart.yaml");
  const archive = new Uint8Array();

  test("fails on an error in the structure, before Helm is asked", async () => {
    const wrong = readYamlText("version: 1.1", "Chart.yaml");
    const never = () => Promise.reject(new Error("asked"));
    await expect(
      lint(await chart(), wrong, archive, { mode: "auto", folder: "site" }, never),
    ).rejects.toThrow(/cannot be published: version: .* is read as the number 1.1; quote it/);
  });

  test("fails with Helm's words", async () => {
    const failed = withHelm({ kind: "failed", version: "v4.0.0", output: "[ERROR] templates/: no" });
    await expect(
      lint(await chart(), document, archive, { mode: "auto", folder: "site" }, failed),
    ).rejects.toThrow(/fails helm lint \(v4.0.0\):\n\[ERROR\] templates\/: no/);
  });

  test("without Helm says so, or fails where it is required", async () => {
    const absent = withHelm({ kind: "absent" });
    expect(await lint(await chart(), document, archive, { mode: "auto", folder: "site" }, absent)).toEqual([
      expect.objectContaining({
        severity: "notice",
        message: expect.stringContaining("no helm is on PATH"),
      }),
    ]);
    await expect(
      lint(await chart(), document, archive, { mode: "required", folder: "site" }, absent),
    ).rejects.toThrow(/add azure\/setup-helm/);
  });

  test("says without Helm that values were not validated against their schema", async () => {
    const described = await chartOf({
      "Chart.yaml": chartYaml,
      ...sound,
      "values.yaml": "replicas: many\n",
      "values.schema.json": '{"properties":{"replicas":{"type":"integer"}}}',
    });
    expect(
      await lint(
        described,
        document,
        archive,
        { mode: "auto", folder: "site" },
        withHelm({ kind: "absent" }),
      ),
    ).toEqual([
      {
        severity: "notice",
        message:
          "no helm is on PATH, so values.yaml was not validated against values.schema.json, and the templates were not rendered; only the structure of the chart was checked",
      },
    ]);
  });

  test("off means off", async () => {
    expect(
      await lint(await chart(), readYamlText("version: 1.1", ""), archive, { mode: "off", folder: "site" }),
    ).toEqual([]);
  });
});

describe("helm lint", () => {
  test("a missing helm is distinguished from a broken one", async () => {
    const missing: Run = () =>
      Promise.reject(Object.assign(new Error("spawn helm ENOENT"), { code: "ENOENT" }));
    expect(await lintWithHelm(new Uint8Array(), undefined, missing)).toEqual({ kind: "absent" });
    const broken: Run = () => Promise.reject(Object.assign(new Error("exit code 127"), { code: 127 }));
    await expect(lintWithHelm(new Uint8Array(), undefined, broken)).rejects.toThrow(
      /does not run; repair it/,
    );
  });

  testNeeding("shebang scripts")(
    "a failure carries its output without the folder that was linted in, and leaves nothing behind",
    async () => {
      await using folder = await temporaryFolder();
      await writeTree(folder.path, {
        helm: '#!/bin/sh\nif [ "$1" = version ]; then echo v4.9.9; else echo "[ERROR] $2: broken"; exit 1; fi\n',
        "place/keep": "",
      });
      const helm = join(folder.path, "helm");
      await chmod(helm, 0o755);
      const place = join(folder.path, "place");
      const { execFile } = await import("node:child_process");
      const { promisify } = await import("node:util");
      const outcome = await lintWithHelm(new Uint8Array(), place, (_program, args) =>
        promisify(execFile)(helm, args),
      );
      expect(outcome).toEqual({ kind: "failed", version: "v4.9.9", output: "[ERROR] chart.tgz: broken" });
      expect(await readdir(place)).toEqual(["keep"]);
    },
  );
});
