import { join } from "node:path";
import { readYaml } from "../yaml/read.ts";
import type { YamlValue } from "../yaml/value.ts";
import { editChartYaml, packagedMetadata } from "./chart-yaml.ts";
import { type Chart, loadChart } from "./load.ts";
import { requireLoadable, requirePublishable } from "./validate.ts";
import { setValues } from "./values.ts";
import { type ChartFile, walkChart } from "./walk.ts";

/** Which chart is to be read, and what the inputs change in it. */
export interface ChartInputs {
  /** The chart's folder. */
  readonly folder: string;
  /** Links and `file://` dependencies stay below it. */
  readonly workspace: string;
  /** Replaces the version of Chart.yaml; empty for none. */
  readonly version: string;
  readonly appVersion: string;
  /** Written into values.yaml, by path. */
  readonly values: Readonly<Record<string, string>>;
}

/** A chart's own folder, read: enough to know under which name and version it will be published. */
export interface ReadChart {
  readonly chart: Chart;
  /** Chart.yaml as it was written. */
  readonly document: YamlValue;
}

/** Reads a chart's folder and applies the inputs. @throws Error when it is not a chart that can be published. */
export async function readChart(inputs: ChartInputs): Promise<ReadChart> {
  const { folder, workspace, version, appVersion, values } = inputs;
  const files = await walkChart(folder, workspace);
  const where = `the chart ${folder}`;
  const loaded = await loadChart(withValues(files, values, where), where);
  const metadata = {
    ...loaded.metadata,
    ...(version === "" ? {} : { version }),
    ...(appVersion === "" ? {} : { appVersion }),
  };
  const file = join(folder, "Chart.yaml");
  requireLoadable(metadata, file);
  requirePublishable(metadata, file);
  const written = files.find(({ path }) => path === "Chart.yaml");
  const document = written === undefined ? null : readYaml(written.bytes, file);
  const [from, to] = [packagedMetadata(loaded.metadata), packagedMetadata(metadata)];
  const chartYaml = editChartYaml(loaded.chartYaml, from, to, file);
  return { chart: { ...loaded, metadata, chartYaml }, document };
}

function withValues(
  files: readonly ChartFile[],
  values: ChartInputs["values"],
  where: string,
): readonly ChartFile[] {
  if (Object.keys(values).length === 0) return files;
  const written = files.find(({ path }) => path === "values.yaml");
  if (written === undefined) {
    throw new Error(
      `Input "values" sets values, but ${where} has no values.yaml; add one with their defaults.`,
    );
  }
  const text = setValues(new TextDecoder().decode(written.bytes), values);
  return files.map((file) => (file === written ? { ...file, bytes: new TextEncoder().encode(text) } : file));
}
