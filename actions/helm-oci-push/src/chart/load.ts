import { compareBytes, untar } from "@spin-publisher/archive";
import { messageOf } from "@spin-publisher/errors";
import { readYaml } from "../yaml/read.ts";
import { isMap } from "../yaml/value.ts";
import { editChartYaml, packagedMetadata, parseChartYaml } from "./chart-yaml.ts";
import { type ChartLock, parseLock } from "./lock.ts";
import { type ChartMetadata, decodeMetadata } from "./metadata.ts";
import { fileName, type Place, reading } from "./place.ts";
import { requireLoadable } from "./validate.ts";
import { type ChartFile, fileSizeLimit, withoutByteOrderMark } from "./walk.ts";

/** A chart as Helm holds it in memory before it writes a package. */
export interface Chart {
  readonly metadata: ChartMetadata;
  /** Chart.yaml as it is packaged: the author's, edited where `metadata` comes from elsewhere. */
  readonly chartYaml: Uint8Array;
  readonly lock: ChartLock | undefined;
  /** What `lock` was read from. */
  readonly lockFile: Uint8Array | undefined;
  readonly values: Uint8Array | undefined;
  readonly schema: Uint8Array | undefined;
  /** Below templates/, in walk order. */
  readonly templates: readonly ChartFile[];
  /** Everything else that is not a sub-chart, in walk order. */
  readonly files: readonly ChartFile[];
  /** Sorted by name; no two have the same one. */
  readonly subcharts: readonly Chart[];
}

/** Bounds of a packaged chart: those with which Helm loads one. */
const archiveLimits = { totalBytes: 100 * 1024 * 1024, entries: 20_000 };

/**
 * Reads a chart from its files by Helm's rules: what is metadata, template, plain file or sub-chart, and which files
 * are dropped.
 *
 * @throws Error when Helm could not load it, and when it contains two sub-charts of one name (Helm would pack both
 *   under the same paths).
 */
export async function loadChart(files: readonly ChartFile[], place: Place): Promise<Chart> {
  const byPath = new Map(files.map((file) => [file.path, file.bytes]));
  const { metadata, chartYaml } = loadMetadata(byPath, place);
  const lockName = ["requirements.lock", "Chart.lock"].find((path) => byPath.has(path)) ?? "Chart.lock";
  const lockFile = byPath.get(lockName);
  const lock =
    lockFile === undefined ? undefined : reading(place, lockName, (file) => parseLock(lockFile, file));
  const values = byPath.get("values.yaml");
  if (values !== undefined) reading(place, "values.yaml", (file) => requireMap(values, file));
  const schema = byPath.get("values.schema.json");
  if (schema !== undefined) reading(place, "values.schema.json", (file) => requireJson(schema, file));
  return {
    metadata,
    chartYaml,
    lock,
    lockFile: lock === undefined ? undefined : lockFile,
    values,
    schema,
    templates: files.filter(({ path }) => path.startsWith("templates/")),
    files: files.filter(({ path }) => isPlain(path, metadata.apiVersion)),
    subcharts: await loadSubcharts(files, place),
  };
}

/**
 * Reads a packaged chart (`.tgz`): one folder named after the chart, with everything below it.
 *
 * @param where how error messages name the chart.
 * @throws Error when the archive is damaged, unsafe or too large, or is not a chart.
 */
export async function loadPackagedChart(archive: Uint8Array, where: string): Promise<Chart> {
  const files = await filesOfPackage(archive, where);
  return loadChart(files, { name: where });
}

/** The files of a packaged chart, by their path below the folder that holds them. */
export async function filesOfPackage(archive: Uint8Array, where: string): Promise<readonly ChartFile[]> {
  const entries = await untar(archive, archiveLimits).catch((cause: unknown) => {
    throw new Error(`${where} is not a packaged chart: ${messageOf(cause)}`, { cause });
  });
  return entries.map(({ path, bytes }) => {
    const slash = path.indexOf("/");
    if (slash < 0) throw new Error(`${where} is not a packaged chart: "${path}" is not inside a folder.`);
    if (bytes.length > fileSizeLimit)
      throw new Error(`${where} contains "${path}", which is larger than Helm allows.`);
    return { path: path.slice(slash + 1), bytes: withoutByteOrderMark(bytes) };
  });
}

function loadMetadata(
  byPath: ReadonlyMap<string, Uint8Array>,
  place: Place,
): Pick<Chart, "metadata" | "chartYaml"> {
  const chartFile = byPath.get("Chart.yaml");
  if (chartFile === undefined)
    throw new Error(`${place.folder ?? place.name} has no Chart.yaml; the file must have exactly that name.`);
  const own = reading(place, "Chart.yaml", (file) => parseChartYaml(chartFile, file));
  const requirementsFile = byPath.get("requirements.yaml");
  const requirements =
    requirementsFile === undefined
      ? {}
      : reading(place, "requirements.yaml", (file) => decodeMetadata(readYaml(requirementsFile, file), file));
  const metadata = { ...own, ...requirements };
  const chartYaml = reading(place, "Chart.yaml", (file) => {
    requireLoadable(metadata, file, chartFile);
    return editChartYaml(chartFile, own, packagedMetadata(metadata), file);
  });
  return { metadata, chartYaml };
}

/** In apiVersion v1 the dependencies are in the two requirements files; in v2 these become Chart.yaml and Chart.lock. */
function isPlain(path: string, apiVersion: string): boolean {
  if (["Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json"].includes(path)) return false;
  if (["requirements.yaml", "requirements.lock"].includes(path)) return apiVersion === "v1";
  if (path.startsWith("templates/")) return false;
  return !path.startsWith("charts/") || path.endsWith(".prov");
}

async function loadSubcharts(files: readonly ChartFile[], place: Place): Promise<readonly Chart[]> {
  const entries = new Map<string, ChartFile[]>();
  for (const { path, bytes } of files) {
    if (!path.startsWith("charts/") || path.endsWith(".prov")) continue;
    const [entry = "", ...rest] = path.slice("charts/".length).split("/");
    if (/^[_.]/.test(entry)) continue;
    entries.set(entry, [...(entries.get(entry) ?? []), { path: rest.join("/"), bytes }]);
  }
  const charts: Chart[] = [];
  for (const [entry, below] of entries) {
    const name = fileName(place, `charts/${entry}`);
    const [only] = below;
    const isPackage = entry.endsWith(".tgz") && only?.path === "";
    const inFolder = { name, ...(place.folder === undefined ? {} : { folder: name }) };
    charts.push(isPackage ? await loadPackagedChart(only.bytes, name) : await loadChart(below, inFolder));
  }
  return sortedSubcharts(charts, place.name);
}

/** @throws Error when two have the same name. */
export function sortedSubcharts(charts: readonly Chart[], where: string): readonly Chart[] {
  const sorted = [...charts].sort((left, right) => compareBytes(left.metadata.name, right.metadata.name));
  const twice = sorted.find((chart, index) => chart.metadata.name === sorted[index + 1]?.metadata.name);
  if (twice !== undefined) {
    throw new Error(
      `charts/ of ${where} contains the chart ${twice.metadata.name} twice, and Helm would use either; remove one.`,
    );
  }
  return sorted;
}

function requireMap(bytes: Uint8Array, file: string): void {
  const values = readYaml(bytes, file);
  if (values !== null && !isMap(values)) throw new Error(`${file} must be a map; write "key: value" lines.`);
}

function requireJson(bytes: Uint8Array, file: string): void {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Error(`${file} is not valid JSON: ${messageOf(cause)}`, { cause });
  }
}
