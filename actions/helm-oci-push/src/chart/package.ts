import { gzip, tar } from "@spin-publisher/archive";
import { writeYaml } from "../yaml/write.ts";
import type { Chart } from "./load.ts";
import { lockJson } from "./lock.ts";
import { metadataJson } from "./metadata.ts";
import type { ChartFile } from "./walk.ts";

/**
 * The files of a chart's package in the order of `helm package`: Chart.yaml and Chart.lock written anew, values,
 * schema, templates, other files, then the sub-charts. Helm leaves the order of sub-charts to chance; here it is that
 * of their names.
 */
export function packagedFiles(chart: Chart, parent = ""): readonly ChartFile[] {
  const folder = `${parent}${chart.metadata.name}`;
  const { metadata, lock, values, schema } = chart;
  // Charts of apiVersion v1 have their dependencies in requirements.yaml and no Chart.lock.
  const written = metadata.apiVersion === "v1" ? { ...metadata, dependencies: [] } : metadata;
  const own: readonly (readonly [string, string | Uint8Array | undefined])[] = [
    ["Chart.yaml", writeYaml(metadataJson(written))],
    [
      "Chart.lock",
      metadata.apiVersion === "v1" || lock === undefined ? undefined : writeYaml(lockJson(lock)),
    ],
    ["values.yaml", values],
    ["values.schema.json", schema],
    ...[...chart.templates, ...chart.files].map(({ path, bytes }) => [path, bytes] as const),
  ];
  return [
    ...own.flatMap(([path, content]) =>
      content === undefined ? [] : [{ path: `${folder}/${path}`, bytes: bytesOf(content) }],
    ),
    ...chart.subcharts.flatMap((subchart) => packagedFiles(subchart, `${folder}/charts/`)),
  ];
}

/** The package's bytes: the same wherever and whenever it is made from the same files. */
export async function packageChart(files: readonly ChartFile[]): Promise<Uint8Array> {
  return gzip(await tar(files.map(({ path, bytes }) => ({ type: "file", path, bytes }))));
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
