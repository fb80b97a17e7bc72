import type { Built } from "@spin-publisher/action-runtime";
import type { Fetch } from "@spin-publisher/http";
import type { RegistryReader, TargetState } from "@spin-publisher/oci";
import { chooseArtifact } from "./artifact/choose-artifact.ts";
import { packChart } from "./artifact/pack-chart.ts";
import type { ReadChart } from "./chart/read-chart.ts";
import type { ChartRequest } from "./inputs.ts";
import { lint } from "./lint/lint.ts";
import { summarise } from "./report.ts";

/** What building a chart needs from outside. */
export interface Dependencies {
  readonly fetch: Fetch;
  readonly reader: RegistryReader;
  /** What the registry holds; it is being asked meanwhile. */
  readonly state: Promise<TargetState>;
  readonly log: Readonly<Record<"info" | "notice" | "warning", (message: string) => void>>;
}

/**
 * The artifact of a chart: its dependencies fetched, packaged, linted, and compared with what the tag holds now.
 *
 * @throws Error when a dependency cannot be fetched, or the chart does not pass lint.
 */
export async function buildChart(
  { chart: read, document }: ReadChart,
  { chart: { folder, workspace }, publishing: { immutable }, lint: mode, record }: ChartRequest,
  { fetch, reader, state, log }: Dependencies,
): Promise<Built> {
  const packed = await packChart(read, folder, { fetch, reader, boundary: workspace });
  for (const { name, version, from } of packed.resolved) log.info(`${name} ${version} from ${from}`);
  const findings = await lint(packed.chart, document, packed.archive, mode);
  for (const { severity, message } of findings) log[severity](message);
  const { target, existing } = await state;
  const { name, version, appVersion } = packed.chart.metadata;
  const { repository } = target;
  return {
    ...(await chooseArtifact(packed, record, { repository, existing, immutable, reader })),
    outputs: { name, version, "app-version": appVersion },
    summary: summarise(packed),
  };
}
