import { type Digest, digestOf } from "@spin-publisher/oci";
import { writeGoJson } from "../yaml/go-json.ts";
import { parseChartYaml } from "./chart-yaml.ts";
import { lockJson, parseLock } from "./lock.ts";
import { metadataJson } from "./metadata.ts";
import type { ChartFile } from "./walk.ts";

/** The files that `helm package` writes anew, in the chart and its sub-charts: their bytes depend on who packaged them. */
const rewritten = /^(?:charts\/[^/]+\/)*Chart\.(?:yaml|lock)$/;

/**
 * What each file of a package says, as a digest by path: of a Chart.yaml and Chart.lock what they mean to Helm,
 * whatever their comments, layout and order; of any other file its bytes. Two packages with equal digests are the
 * same chart.
 *
 * @param files by their path below the folder that holds them.
 */
export function meaningByPath(files: readonly ChartFile[]): ReadonlyMap<string, Digest> {
  return new Map(files.map(({ path, bytes }) => [path, digestOf(meaningOf(path, bytes))]));
}

/**
 * The appVersion of the first Chart.yaml, where that is all in which the two differ: a chart is published with the
 * version of the application that it installs by default, and stays as it is when only the application moves on.
 */
export function appVersionBefore(before: Uint8Array, after: Uint8Array): string | undefined {
  try {
    const [first, second] = [parseChartYaml(before, "Chart.yaml"), parseChartYaml(after, "Chart.yaml")];
    if (first.appVersion === second.appVersion) return undefined;
    const same = writeGoJson(metadataJson({ ...first, appVersion: second.appVersion }));
    return same === writeGoJson(metadataJson(second)) ? first.appVersion : undefined;
  } catch {
    return undefined; // what somebody else published need not make sense
  }
}

function meaningOf(path: string, bytes: Uint8Array): Uint8Array | string {
  if (!rewritten.test(path)) return bytes;
  try {
    if (path.endsWith("Chart.yaml")) return writeGoJson(metadataJson(parseChartYaml(bytes, path)));
    const lock = parseLock(bytes, path);
    return lock === undefined ? "" : writeGoJson(lockJson(lock));
  } catch {
    return bytes; // what somebody else published need not make sense
  }
}
