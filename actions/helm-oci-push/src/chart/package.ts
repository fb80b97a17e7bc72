import { gzip, tar } from "@spin-publisher/archive";
import type { Chart } from "./load.ts";
import type { ChartFile } from "./walk.ts";

/**
 * The files of a chart's package in the order of `helm package`: Chart.yaml, Chart.lock, values, schema, templates,
 * other files, then the sub-charts. Helm leaves the order of sub-charts to chance; here it is that of their names.
 *
 * Helm writes Chart.yaml and Chart.lock anew; here they keep the bytes that their author wrote, which mean the same.
 */
export function packagedFiles(chart: Chart, parent = ""): readonly ChartFile[] {
  const folder = `${parent}${chart.metadata.name}`;
  const { chartYaml, lockFile, values, schema } = chart;
  const own: readonly (readonly [string, Uint8Array | undefined])[] = [
    ["Chart.yaml", chartYaml],
    // Charts of apiVersion v1 have no Chart.lock.
    ["Chart.lock", chart.metadata.apiVersion === "v1" ? undefined : lockFile],
    ["values.yaml", values],
    ["values.schema.json", schema],
    ...[...chart.templates, ...chart.files].map(({ path, bytes }) => [path, bytes] as const),
  ];
  return [
    ...own.flatMap(([path, bytes]) => (bytes === undefined ? [] : [{ path: `${folder}/${path}`, bytes }])),
    ...chart.subcharts.flatMap((subchart) => packagedFiles(subchart, `${folder}/charts/`)),
  ];
}

/**
 * The package's bytes: the same wherever and whenever it is made from the same files. Compressed at the level that Helm
 * uses, because the compressor is most of the work.
 */
export async function packageChart(files: readonly ChartFile[]): Promise<Uint8Array> {
  return gzip(await tar(files.map(({ path, bytes }) => ({ type: "file", path, bytes }))), 6);
}
