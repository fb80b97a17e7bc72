import type { Chart } from "../chart/load.ts";
import { errorIn } from "../chart/place.ts";
import type { YamlValue } from "../yaml/value.ts";
import { type LintMode, lintWithHelm } from "./helm.ts";
import { type Finding, lintStructure } from "./structure.ts";

/** What lint has to say about a chart that may be published. */
export type Remark = Finding & { readonly severity: Exclude<Finding["severity"], "error"> };

/**
 * Checks a packaged chart: its structure here, its templates by the Helm on PATH.
 *
 * @param folder of the chart.
 * @throws Error listing every error, or when Helm is required and absent.
 */
export async function lint(
  chart: Chart,
  document: YamlValue,
  archive: Uint8Array,
  { mode, folder }: { readonly mode: LintMode; readonly folder: string },
  withHelm = lintWithHelm,
): Promise<readonly Remark[]> {
  if (mode === "off") return [];
  const findings = lintStructure(chart, document);
  const errors = findings.filter(({ severity }) => severity === "error");
  const remarks = findings.filter((finding): finding is Remark => finding.severity !== "error");
  if (errors.length > 0) {
    const message = `The chart ${chart.metadata.name} cannot be published: ${errors.map(({ message }) => message).join("; ")}.`;
    const at = errors.find(({ at }) => at !== undefined)?.at;
    throw at === undefined
      ? new Error(message)
      : errorIn({ name: chart.metadata.name, folder }, at.path, message, { line: at.line });
  }
  const helm = await withHelm(archive);
  if (helm.kind === "passed")
    return [...remarks, { severity: "info", message: `helm lint passed (${helm.version})` }];
  if (helm.kind === "failed") {
    throw new Error(`The chart ${chart.metadata.name} fails helm lint (${helm.version}):\n${helm.output}`);
  }
  if (mode === "required") {
    throw new Error(
      'Input "lint" is required, but no helm is on PATH; add azure/setup-helm before this step.',
    );
  }
  return [
    ...remarks,
    notice(`no helm is on PATH, so ${unchecked(chart)}; only the structure of the chart was checked`),
  ];
}

/** What only Helm can check in this chart. */
function unchecked({ schema }: Chart): string {
  const rendering = "the templates were not rendered";
  return schema === undefined
    ? rendering
    : `values.yaml was not validated against values.schema.json, and ${rendering}`;
}

function notice(message: string): Remark {
  return { severity: "notice", message };
}
