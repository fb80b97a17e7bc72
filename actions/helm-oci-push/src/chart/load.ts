import { compareBytes, untar } from "@spin-publisher/archive";
import { readYaml } from "../yaml/read.ts";
import { isMap } from "../yaml/value.ts";
import { type ChartLock, parseLock } from "./lock.ts";
import { type ChartMetadata, decodeMetadata, emptyMetadata } from "./metadata.ts";
import { requireLoadable } from "./validate.ts";
import { type ChartFile, fileSizeLimit, withoutByteOrderMark } from "./walk.ts";

/** A chart as Helm holds it in memory before it writes a package. */
export interface Chart {
  readonly metadata: ChartMetadata;
  readonly lock: ChartLock | undefined;
  readonly values: Uint8Array | undefined;
  readonly schema: Uint8Array | undefined;
  /** Below templates/, in walk order. */
  readonly templates: readonly ChartFile[];
  /** Everything else that is no sub-chart, in walk order. */
  readonly files: readonly ChartFile[];
  /** Sorted by name; no two have the same one. */
  readonly subcharts: readonly Chart[];
}

/** Bounds of a packaged chart: those with which Helm loads one. */
const archiveLimits = { totalBytes: 100 * 1024 * 1024, entries: 20_000 };

/**
 * Reads a chart from its files by Helm's rules: what is metadata, template, plain file or sub-chart, which files are
 * re-written and which are dropped.
 *
 * @param where how error messages call the chart.
 * @throws Error when Helm could not load it, and when it holds two sub-charts of one name (Helm would write both over
 *   each other).
 */
export async function loadChart(files: readonly ChartFile[], where: string): Promise<Chart> {
  const byPath = new Map(files.map((file) => [file.path, file.bytes]));
  const metadata = loadMetadata(byPath, where);
  const lockFile = ["requirements.lock", "Chart.lock"].find((path) => byPath.has(path));
  const values = byPath.get("values.yaml");
  if (values !== undefined) requireMap(values, `values.yaml of ${where}`);
  const schema = byPath.get("values.schema.json");
  if (schema !== undefined) requireJson(schema, `values.schema.json of ${where}`);
  return {
    metadata,
    lock:
      lockFile === undefined
        ? undefined
        : parseLock(byPath.get(lockFile) ?? new Uint8Array(), `${lockFile} of ${where}`),
    values,
    schema,
    templates: files.filter(({ path }) => path.startsWith("templates/")),
    files: files.filter(({ path }) => isPlain(path, metadata.apiVersion)),
    subcharts: await loadSubcharts(files, where),
  };
}

/**
 * Reads a packaged chart (`.tgz`): one folder named after the chart, with everything below it.
 *
 * @throws Error when the archive is damaged, unsafe or too large, or is no chart.
 */
export async function loadPackagedChart(archive: Uint8Array, where: string): Promise<Chart> {
  const files = await filesOfPackage(archive, where);
  return loadChart(files, where);
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
      throw new Error(`${where} holds "${path}", which is larger than Helm loads.`);
    return { path: path.slice(slash + 1), bytes: withoutByteOrderMark(bytes) };
  });
}

function loadMetadata(byPath: ReadonlyMap<string, Uint8Array>, where: string): ChartMetadata {
  const chartFile = byPath.get("Chart.yaml");
  if (chartFile === undefined)
    throw new Error(`${where} has no Chart.yaml; Helm finds it under exactly that name.`);
  const metadata = {
    ...emptyMetadata,
    ...decodeMetadata(readYaml(chartFile, `Chart.yaml of ${where}`), `Chart.yaml of ${where}`),
  };
  const requirementsFile = byPath.get("requirements.yaml");
  const name = `requirements.yaml of ${where}`;
  const requirements =
    requirementsFile === undefined ? {} : decodeMetadata(readYaml(requirementsFile, name), name);
  // Charts of Helm 2 do not say their apiVersion.
  const merged = {
    ...metadata,
    apiVersion: metadata.apiVersion === "" ? "v1" : metadata.apiVersion,
    ...requirements,
  };
  requireLoadable(merged, `Chart.yaml of ${where}`);
  return merged;
}

/** In apiVersion v1 the two requirements files are the dependencies' only place; in v2 they went into Chart.yaml and Chart.lock. */
function isPlain(path: string, apiVersion: string): boolean {
  if (["Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json"].includes(path)) return false;
  if (["requirements.yaml", "requirements.lock"].includes(path)) return apiVersion === "v1";
  if (path.startsWith("templates/")) return false;
  return !path.startsWith("charts/") || path.endsWith(".prov");
}

async function loadSubcharts(files: readonly ChartFile[], where: string): Promise<readonly Chart[]> {
  const entries = new Map<string, ChartFile[]>();
  for (const { path, bytes } of files) {
    if (!path.startsWith("charts/") || path.endsWith(".prov")) continue;
    const [entry = "", ...rest] = path.slice("charts/".length).split("/");
    if (/^[_.]/.test(entry)) continue;
    entries.set(entry, [...(entries.get(entry) ?? []), { path: rest.join("/"), bytes }]);
  }
  const charts: Chart[] = [];
  for (const [entry, below] of entries) {
    const name = `charts/${entry} of ${where}`;
    const [only] = below;
    const isPackage = entry.endsWith(".tgz") && only?.path === "";
    charts.push(isPackage ? await loadPackagedChart(only.bytes, name) : await loadChart(below, name));
  }
  return sortedSubcharts(charts, where);
}

/** @throws Error when two have the same name. */
export function sortedSubcharts(charts: readonly Chart[], where: string): readonly Chart[] {
  const sorted = [...charts].sort((left, right) => compareBytes(left.metadata.name, right.metadata.name));
  const twice = sorted.find((chart, index) => chart.metadata.name === sorted[index + 1]?.metadata.name);
  if (twice !== undefined) {
    throw new Error(
      `charts/ of ${where} holds the chart ${twice.metadata.name} twice; Helm would write one over the other, so keep one.`,
    );
  }
  return sorted;
}

function requireMap(bytes: Uint8Array, file: string): void {
  const values = readYaml(bytes, file);
  if (values !== null && !isMap(values))
    throw new Error(`${file} is not a map of values; write "key: value" lines.`);
}

function requireJson(bytes: Uint8Array, file: string): void {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Error(`${file} is not valid JSON: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
