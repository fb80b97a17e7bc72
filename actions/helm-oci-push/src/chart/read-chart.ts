import { parseStrict } from "../version/semver.ts";
import { readYaml } from "../yaml/read.ts";
import type { YamlValue } from "../yaml/value.ts";
import type { Roots } from "./boundary.ts";
import { editChartYaml, packagedMetadata } from "./chart-yaml.ts";
import { type Chart, loadChart } from "./load.ts";
import type { ChartMetadata } from "./metadata.ts";
import { type Place, reading } from "./place.ts";
import { requirePublishable } from "./validate.ts";
import { setValues } from "./values.ts";
import { type ChartFile, type WalkOptions, walkChart } from "./walk.ts";

/** Which chart is to be read, and what the inputs change in it. */
export interface ChartInputs extends WalkOptions {
  /** The chart's folder. */
  readonly folder: string;
  /** Where the chart may be; links and `file://` dependencies stay below the one that it is in. */
  readonly roots: Roots;
  /** Replaces the version of Chart.yaml; empty for none. */
  readonly version: string;
  readonly appVersion: string;
  /** Written into values.yaml, by path. */
  readonly values: Readonly<Record<string, string>>;
}

/** A chart's own folder, read: enough to know under which name and version it will be published. */
export interface ReadChart {
  readonly chart: Chart;
  /** Chart.yaml as it was written, with the fields that the inputs replace. */
  readonly document: YamlValue;
}

/** Reads a chart's folder and applies the inputs. @throws Error when it is not a chart that can be published. */
export async function readChart(inputs: ChartInputs): Promise<ReadChart> {
  const { folder, roots, values } = inputs;
  const place = { name: `the chart ${folder}`, folder };
  const files = await walkChart(folder, roots, inputs);
  const loaded = await loadChart(withValues(files, values, place), place);
  const authored = files.find(({ path }) => path === "Chart.yaml")?.bytes ?? new Uint8Array();
  const overrides = overridesIn(inputs);
  const metadata = { ...loaded.metadata, ...overrides };
  return reading(place, "Chart.yaml", (file) => {
    requirePublishable(metadata, file, authored);
    const [from, to] = [packagedMetadata(loaded.metadata), packagedMetadata(metadata)];
    const chartYaml = editChartYaml(loaded.chartYaml, from, to, file);
    return {
      chart: { ...loaded, metadata, chartYaml },
      document: withFields(readYaml(authored, file), overrides),
    };
  });
}

/** @throws Error naming the input, since Chart.yaml has no part in it. */
function overridesIn({
  version,
  appVersion,
}: ChartInputs): Partial<Pick<ChartMetadata, "version" | "appVersion">> {
  if (version !== "" && parseStrict(version) === undefined) {
    throw new Error(
      `Input "version" is "${version}", which no version range matches; set a full SemVer version such as 1.0.0.`,
    );
  }
  return { ...(version === "" ? {} : { version }), ...(appVersion === "" ? {} : { appVersion }) };
}

function withFields(document: YamlValue, fields: Readonly<Record<string, string>>): YamlValue {
  if (!(document instanceof Map)) return document;
  const replaced = [...document].filter(
    ([key]) => !Object.keys(fields).some((field) => field.toLowerCase() === key.toLowerCase()),
  );
  return new Map([...replaced, ...Object.entries(fields)]);
}

function withValues(
  files: readonly ChartFile[],
  values: ChartInputs["values"],
  place: Place,
): readonly ChartFile[] {
  if (Object.keys(values).length === 0) return files;
  const written = files.find(({ path }) => path === "values.yaml");
  if (written === undefined) {
    throw new Error(
      `Input "values" sets values, but ${place.name} has no values.yaml; add one with their defaults.`,
    );
  }
  const text = reading(place, "values.yaml", () =>
    setValues(new TextDecoder().decode(written.bytes), values),
  );
  return files.map((file) => (file === written ? { ...file, bytes: new TextEncoder().encode(text) } : file));
}
