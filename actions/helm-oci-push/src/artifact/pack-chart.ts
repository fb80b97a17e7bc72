import { type Digest, digestOf } from "@spin-publisher/oci";
import type { Chart } from "../chart/load.ts";
import { packageChart, packagedFiles } from "../chart/package.ts";
import type { ChartFile } from "../chart/walk.ts";
import { type ChartSources, completeChart, type ResolvedDependency } from "../dependency/complete.ts";

/** A chart with everything in it, packaged. */
export interface PackedChart {
  readonly chart: Chart;
  /** What is in the package, below the folder that is named after the chart. */
  readonly files: readonly ChartFile[];
  readonly archive: Uint8Array;
  readonly digest: Digest;
  readonly resolved: readonly ResolvedDependency[];
}

/**
 * Fetches a chart's dependencies and packages it with them.
 *
 * @param folder of the chart.
 */
export async function packChart(read: Chart, folder: string, sources: ChartSources): Promise<PackedChart> {
  const { chart, resolved } = await completeChart(read, folder, sources);
  const files = packagedFiles(chart);
  const archive = await packageChart(files);
  return { chart, files, archive, digest: digestOf(archive), resolved };
}
