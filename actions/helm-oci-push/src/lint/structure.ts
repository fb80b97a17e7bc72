import { fieldsOf } from "../chart/decode.ts";
import type { Chart } from "../chart/load.ts";
import { parseStrict } from "../version/semver.ts";
import type { YamlValue } from "../yaml/value.ts";
import { mistakeIn } from "./template.ts";

export interface Finding {
  /** `info` is for the log, `notice` for those who only look at annotations. */
  readonly severity: "error" | "warning" | "notice" | "info";
  readonly message: string;
}

const knownFields = new Set(
  "apiversion name version kubeversion appversion description home icon condition tags type keywords sources maintainers dependencies deprecated annotations".split(
    " ",
  ),
);

/**
 * The rules of `helm lint` that need no template engine, and two of our own: a `version` or `appVersion` that is a
 * number is an error, because 1.10 is published as 1.1.
 *
 * @param document Chart.yaml as it was written, with the types and keys that loading drops.
 */
export function lintStructure(chart: Chart, document: YamlValue): readonly Finding[] {
  return [
    ...lintFields(document),
    ...lintMetadata(chart),
    ...lintTemplates(chart),
    ...chart.subcharts
      .filter(({ metadata }) => !chart.metadata.dependencies.some(({ name }) => name === metadata.name))
      .map(({ metadata }) =>
        error(`charts/ holds ${metadata.name}, which Chart.yaml does not name as a dependency`),
      ),
  ];
}

function lintFields(document: YamlValue): readonly Finding[] {
  const fields = fieldsOf(document, "Chart.yaml");
  const notText = ["version", "appVersion"].flatMap((field) => {
    const value = fields.get(field.toLowerCase()) ?? null;
    return value === null || typeof value === "string"
      ? []
      : [error(`"${field}" in Chart.yaml is the number ${value}, not a string; quote it`)];
  });
  const unknown = [...fields.keys()]
    .filter((field) => !knownFields.has(field))
    .map((field) => warning(`"${field}" in Chart.yaml is a field that Helm does not know`));
  return [...notText, ...unknown];
}

function lintMetadata({ metadata, templates, values }: Chart): readonly Finding[] {
  const { apiVersion, type, dependencies, maintainers, sources, icon, version } = metadata;
  const findings: Finding[] = [];
  const strict = parseStrict(version);
  if (strict !== undefined && /^0\.0\.0(?:-0)?(?:\+|$)/.test(version))
    findings.push(error(`the version must be above ${version}`));
  if (apiVersion === "v1" && type !== "") findings.push(error('"type" in Chart.yaml needs apiVersion: v2'));
  if (apiVersion === "v1" && dependencies.length > 0) {
    findings.push(
      error('dependencies of a chart of apiVersion v1 belong in requirements.yaml; write "apiVersion: v2"'),
    );
  }
  for (const { name, email, url } of maintainers) {
    if (name === "") findings.push(error("each of the maintainers in Chart.yaml needs a name"));
    if (email !== "" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
      findings.push(error(`"${email}" in the maintainers of Chart.yaml is not an e-mail address`));
    }
    if (url !== "" && !isAddress(url))
      findings.push(error(`"${url}" in the maintainers of Chart.yaml is not an address`));
  }
  for (const source of sources) {
    if (!isAddress(source))
      findings.push(error(`"${source}" in the sources of Chart.yaml is not an address`));
  }
  if (icon !== "" && !isAddress(icon))
    findings.push(error(`the icon "${icon}" in Chart.yaml is not an address`));
  if (templates.length === 0 && type !== "library") findings.push(warning("the chart has no templates/"));
  if (values === undefined) findings.push({ severity: "info", message: "the chart has no values.yaml" });
  return findings;
}

function lintTemplates({ templates, metadata }: Chart): readonly Finding[] {
  const misnamed = templates
    .filter(({ path }) => !/\.(?:yaml|yml|tpl|txt)$/.test(path))
    .map(({ path }) => error(`${path} is not a .yaml, .yml, .tpl or .txt file`));
  // Of a library only the files that others include are ever read as templates.
  const parsed = templates.filter(
    ({ path }) => metadata.type !== "library" || path.slice(path.lastIndexOf("/") + 1).startsWith("_"),
  );
  return [...misnamed, ...parsed.flatMap((template) => mistakeIn(template) ?? []).map(error)];
}

function isAddress(text: string): boolean {
  return URL.parse(text) !== null;
}

function error(message: string): Finding {
  return { severity: "error", message };
}

function warning(message: string): Finding {
  return { severity: "warning", message };
}
