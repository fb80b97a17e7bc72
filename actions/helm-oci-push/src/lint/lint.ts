import type { Chart } from "../chart/load.ts";
import type { YamlValue } from "../yaml/value.ts";
import { type LintMode, lintWithHelm } from "./helm.ts";
import { type Finding, lintStructure } from "./structure.ts";

/**
 * Checks a packaged chart: its structure here, its templates by the Helm on PATH.
 *
 * @returns what is not an error.
 * @throws Error listing every error, or when Helm is required and absent.
 */
export async function lint(
  chart: Chart,
  document: YamlValue,
  archive: Uint8Array,
  mode: LintMode,
  withHelm = lintWithHelm,
): Promise<readonly Finding[]> {
  if (mode === "off") return [];
  const findings = lintStructure(chart, document);
  const errors = findings.filter(({ severity }) => severity === "error").map(({ message }) => message);
  if (errors.length > 0)
    throw new Error(`The chart ${chart.metadata.name} is not fit to be published: ${errors.join("; ")}.`);
  const helm = await withHelm(archive);
  if (helm.kind === "passed")
    return [...findings, { severity: "info", message: `helm lint passed (${helm.version})` }];
  if (helm.kind === "failed") {
    throw new Error(`The chart ${chart.metadata.name} fails helm lint (${helm.version}):\n${helm.output}`);
  }
  if (mode === "required") {
    throw new Error(
      'Input "lint" is required, but there is no helm on PATH; add azure/setup-helm before this step.',
    );
  }
  return [
    ...findings,
    notice(`there is no helm on PATH, so ${unchecked(chart)}; only the chart's structure was checked`),
  ];
}

/** What only Helm can check in this chart. */
function unchecked({ schema }: Chart): string {
  const rendering = "the templates were not rendered";
  return schema === undefined
    ? rendering
    : `values.yaml was not validated against values.schema.json, and ${rendering}`;
}

function notice(message: string): Finding {
  return { severity: "notice", message };
}
