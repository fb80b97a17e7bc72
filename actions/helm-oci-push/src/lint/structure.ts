import { fieldsOf, textOf } from "../chart/decode.ts";
import type { Chart } from "../chart/load.ts";
import { decodeMetadata, emptyMetadata } from "../chart/metadata.ts";
import { rangeIn } from "../version/range.ts";
import { compareVersions, parseLoose } from "../version/semver.ts";
import { authoredField } from "../yaml/authored.ts";
import type { YamlValue } from "../yaml/value.ts";
import { isEmail, isRequestUrl, isUrl } from "./addresses.ts";
import { mistakeIn } from "./template.ts";

export interface Finding {
  /** `info` is for the log, `notice` for those who only look at annotations. */
  readonly severity: "error" | "warning" | "notice" | "info";
  readonly message: string;
  /** Where in the chart, if that is one place. */
  readonly at?: { readonly path: string; readonly line?: number | undefined };
}

const knownFields = new Set(
  "apiversion name version kubeversion appversion description home icon condition tags type keywords sources maintainers dependencies deprecated annotations".split(
    " ",
  ),
);

/** Helm's bound for versions, which 0.0.0 is above. */
const lowestVersion = parseLoose("0.0.0-0");

/**
 * The rules of `helm lint` that need no template engine. Nothing is an error here that passes `helm lint`.
 *
 * @param document Chart.yaml as it was written, with the types and keys that loading drops, and without what loading
 *   adds: Helm applies its rules for Chart.yaml to that file, its rules for sub-charts to the loaded chart.
 */
export function lintStructure(chart: Chart, document: YamlValue): readonly Finding[] {
  return [
    ...lintFields(chart, document),
    ...lintChartYaml(document),
    ...lintContent(chart),
    ...lintTemplates(chart),
  ];
}

function lintFields({ chartYaml }: Chart, document: YamlValue): readonly Finding[] {
  const notStrings = ["version", "appVersion"].flatMap((field) => {
    const value = document instanceof Map ? (document.get(field) ?? null) : null;
    if (value === null || typeof value === "string") return [];
    const found = authoredField(chartYaml, field);
    const message =
      typeof value === "number" || typeof value === "bigint"
        ? `${field}: ${found?.source} in Chart.yaml is read as the number ${textOf(value, field)}; quote it: "${found?.source}"`
        : `"${field}" in Chart.yaml is not a string; quote it`;
    return [error(message, { path: "Chart.yaml", line: found?.line })];
  });
  const unknown = [...fieldsOf(document, "Chart.yaml").keys()]
    .filter((field) => !knownFields.has(field))
    .map((field) => warning(`"${field}" in Chart.yaml is a field that Helm does not know`));
  return [...notStrings, ...unknown];
}

function lintChartYaml(document: YamlValue): readonly Finding[] {
  const own = { ...emptyMetadata, ...decodeMetadata(document, "Chart.yaml") };
  const { apiVersion, type, dependencies, maintainers, sources, icon, version } = own;
  const findings: string[] = [];
  const parsed = parseLoose(version);
  if (parsed !== undefined && lowestVersion !== undefined && compareVersions(parsed, lowestVersion) <= 0) {
    findings.push(`the version in Chart.yaml must be above ${version}`);
  }
  if (apiVersion === "") findings.push('Chart.yaml has no "apiVersion"; add "apiVersion: v2"');
  if (apiVersion !== "v2" && type !== "") findings.push('"type" in Chart.yaml needs apiVersion: v2');
  if (apiVersion !== "v2" && dependencies.length > 0) {
    findings.push(
      '"dependencies" in Chart.yaml needs apiVersion: v2; in v1 they belong in requirements.yaml',
    );
  }
  for (const { name, email, url } of maintainers) {
    if (name === "") findings.push("each of the maintainers in Chart.yaml needs a name");
    if (email !== "" && !isEmail(email))
      findings.push(`"${email}" in the maintainers of Chart.yaml is not an e-mail address`);
    if (url !== "" && !isUrl(url))
      findings.push(`"${url}" in the maintainers of Chart.yaml is not an address`);
  }
  for (const source of sources) {
    if (!isRequestUrl(source)) findings.push(`"${source}" in the sources of Chart.yaml is not an address`);
  }
  if (icon !== "" && !isRequestUrl(icon)) findings.push(`the icon "${icon}" in Chart.yaml is not an address`);
  return findings.map((message) => error(message, { path: "Chart.yaml" }));
}

function lintContent({ metadata, lock, templates, values, subcharts }: Chart): readonly Finding[] {
  const { dependencies, type } = metadata;
  const findings = subcharts
    .filter((subchart) => !dependencies.some(({ name }) => name === subchart.metadata.name))
    .map((subchart) =>
      error(`charts/ contains ${subchart.metadata.name}, which is not in the dependencies of Chart.yaml`),
    );
  for (const { name, version, alias, condition, tags } of dependencies) {
    if (alias + condition + tags.join("") === "" || rangeIn(version) !== undefined) continue;
    findings.push(
      warning(
        `the dependency ${name} in Chart.yaml has the version "${version}", which is not a range, so Helm ignores its alias, condition and tags`,
      ),
    );
  }
  if (dependencies.length === 0 && (lock?.dependencies ?? []).length > 0) {
    findings.push(warning("Chart.lock is left over: Chart.yaml has no dependencies; delete it"));
  }
  if (templates.length === 0 && type !== "library") findings.push(warning("the chart has no templates/"));
  if (values === undefined) findings.push({ severity: "info", message: "the chart has no values.yaml" });
  return findings;
}

function lintTemplates({ templates, metadata }: Chart): readonly Finding[] {
  const misnamed = templates
    .filter(({ path }) => !/\.(?:yaml|yml|tpl|txt)$/.test(path))
    .map(({ path }) => error(`${path} is not a .yaml, .yml, .tpl or .txt file`, { path }));
  // Of a library only the files that others include are ever read as templates.
  const parsed = templates.filter(
    ({ path }) => metadata.type !== "library" || path.slice(path.lastIndexOf("/") + 1).startsWith("_"),
  );
  const mistakes = parsed.flatMap((template) => {
    const mistake = mistakeIn(template);
    if (mistake === undefined) return [];
    const { path } = template;
    return [error(`${path}:${mistake.line}: ${mistake.message}`, { path, line: mistake.line })];
  });
  return [...misnamed, ...mistakes];
}

function error(message: string, at?: Finding["at"]): Finding {
  return { severity: "error", message, ...(at === undefined ? {} : { at }) };
}

function warning(message: string): Finding {
  return { severity: "warning", message };
}
