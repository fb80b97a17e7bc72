import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { SignatureCheck } from "@spin-publisher/action-runtime";
import type { Fetch } from "@spin-publisher/http";
import { digestOf, parseReference, type Reference, type RegistryReader } from "@spin-publisher/oci";
import { isInside, type Roots, resolveChartFolder } from "../chart/boundary.ts";
import { type Chart, loadChart, loadPackagedChart, sortedSubcharts } from "../chart/load.ts";
import { isCurrent } from "../chart/lock.ts";
import type { Dependency } from "../chart/metadata.ts";
import { errorIn, reading } from "../chart/place.ts";
import { type WalkOptions, walkChart } from "../chart/walk.ts";
import { requireNoSecret } from "./address.ts";
import { chartReference, fetchFromRegistry } from "./chart-registry.ts";
import { fetchFromRepository } from "./chart-repository.ts";
import { requireIdentity, requireVendoredVersion, update } from "./required-version.ts";

/** What it takes to fetch dependencies that are not in the chart's own charts/ folder. */
export interface ChartSources {
  readonly fetch: Fetch;
  readonly reader: RegistryReader;
  /** Throws unless a chart from a registry is signed as demanded; what cannot be signed is refused then. */
  readonly verify?: SignatureCheck | undefined;
  /** Where charts may be: `file://` dependencies and links stay below the one that the chart is in. */
  readonly roots: Roots;
  readonly options?: WalkOptions;
}

/** A dependency as it was packaged. */
export interface ResolvedDependency {
  readonly name: string;
  readonly version: string;
  /** `charts/`, a folder, an address or a reference with digest. */
  readonly from: string;
}

export interface CompleteChart {
  readonly chart: Chart;
  readonly resolved: readonly ResolvedDependency[];
}

/**
 * Adds the charts that a chart depends on, in the versions that Chart.lock names: those in charts/ are used as they
 * are, the others are fetched. No version is chosen here: one that Chart.lock does not name is an error.
 *
 * @param folder of the chart, for `file://` dependencies.
 * @param parents folders of the charts that depend on this one.
 * @throws Error when an address holds a secret, when the lock is missing or stale, when a version in charts/ is not the locked one, when a dependency
 *   cannot be fetched, or is another chart than its name and version say.
 */
export async function completeChart(
  chart: Chart,
  folder: string,
  sources: ChartSources,
  parents: readonly string[] = [],
): Promise<CompleteChart> {
  const { metadata, lock } = chart;
  const what = metadata.name;
  const place = { name: what, folder };
  for (const asked of metadata.dependencies) reading(place, "Chart.yaml", () => requireNoSecret(asked));
  for (const chosen of lock?.dependencies ?? []) reading(place, "Chart.lock", () => requireNoSecret(chosen));
  const hasDependencies = metadata.dependencies.length > 0;
  if (lock !== undefined && hasDependencies && !isCurrent(lock, metadata)) {
    throw errorIn(
      place,
      "Chart.lock",
      `Chart.lock of ${what} does not belong to the dependencies that Chart.yaml has now; ${update}.`,
    );
  }
  const fetched = new Map<string, Chart>();
  const resolved: ResolvedDependency[] = [];
  for (const [index, dependency] of metadata.dependencies.entries()) {
    const locked = lock?.dependencies?.[index];
    const vendored = chart.subcharts.find((subchart) => subchart.metadata.name === dependency.name);
    if (vendored !== undefined) {
      reading(place, "Chart.yaml", () => requireVendoredVersion(vendored, dependency, locked, what));
      resolved.push({ name: dependency.name, version: vendored.metadata.version, from: "charts/" });
      continue;
    }
    if (dependency.repository === "") {
      throw errorIn(
        place,
        "Chart.yaml",
        `${what} depends on ${dependency.name}, which has no "repository" and is not in charts/; add one of the two.`,
      );
    }
    if (locked === undefined) {
      throw errorIn(
        place,
        "Chart.yaml",
        `${what} depends on ${dependency.name}, but there is no Chart.lock that names its version; ${update}.`,
      );
    }
    if (locked.name !== dependency.name) {
      throw errorIn(
        place,
        "Chart.lock",
        `Chart.lock of ${what} names ${locked.name} where Chart.yaml has ${dependency.name}; ${update}.`,
      );
    }
    const key = `${dependency.name} ${locked.version}`;
    if (fetched.has(key)) continue;
    const found = await fetchDependency(dependency, locked.version, folder, sources, parents);
    requireIdentity(found.chart, dependency.name, locked.version, found.from);
    fetched.set(key, found.chart);
    resolved.push({ name: dependency.name, version: locked.version, from: found.from }, ...found.resolved);
  }
  return {
    chart: { ...chart, subcharts: sortedSubcharts([...chart.subcharts, ...fetched.values()], what) },
    resolved,
  };
}

async function fetchDependency(
  { name, repository }: Dependency,
  version: string,
  folder: string,
  sources: ChartSources,
  parents: readonly string[],
): Promise<CompleteChart & { readonly from: string }> {
  if (repository.startsWith("file://")) return getLocal(repository, name, folder, sources, parents);
  if (repository.startsWith("oci://")) {
    return fromRegistry(chartReference(repository, name, version), sources);
  }
  if (!/^https?:\/\//.test(repository)) {
    throw new Error(
      `The dependency ${name} has the repository "${repository}", a name from somebody's local Helm configuration; write the repository's address.`,
    );
  }
  const answer = await fetchFromRepository(repository, name, version, sources.fetch);
  if (answer.kind === "registry") return fromRegistry(parseReference(answer.reference), sources);
  if (sources.verify !== undefined) {
    throw new Error(
      `The dependency ${name} comes from ${answer.address}, where nothing can be signed as "verify-dependencies" demands: take it from an oci:// repository, or put it into charts/.`,
    );
  }
  return unpack({ bytes: answer.bytes, reference: answer.address, digest: digestOf(answer.bytes) });
}

async function fromRegistry(reference: Reference, { reader, verify }: ChartSources) {
  const found = await fetchFromRegistry(reference, reader);
  await verify?.({ ...reference, digest: found.digest });
  return unpack(found);
}

async function unpack(packaged: {
  readonly bytes: Uint8Array;
  readonly reference: string;
  readonly digest: string;
}): Promise<CompleteChart & { readonly from: string }> {
  const chart = await loadPackagedChart(packaged.bytes, `the chart from ${packaged.reference}`);
  return { chart, resolved: [], from: `${packaged.reference}@${packaged.digest}` };
}

/** A chart beside this one is packaged on the fly, with its own dependencies. */
async function getLocal(
  repository: string,
  name: string,
  folder: string,
  sources: ChartSources,
  parents: readonly string[],
): Promise<CompleteChart & { readonly from: string }> {
  const path = repository.slice("file://".length);
  const target = await realpath(path.startsWith("/") ? path : join(folder, path)).catch((cause: unknown) => {
    throw new Error(
      `The dependency ${name} is at "${repository}", where there is no folder; correct "repository".`,
      { cause },
    );
  });
  const { root, boundary } = await resolveChartFolder(folder, sources.roots);
  if (!isInside(boundary, target)) {
    throw new Error(
      `The dependency ${name} is at "${repository}", outside the workspace; copy the chart into it.`,
    );
  }
  const above = [...parents, root];
  if (above.includes(target)) throw new Error(`The dependency ${name} at "${repository}" depends on itself.`);
  const place = { name: `the chart at ${repository}`, folder: target };
  const chart = await loadChart(await walkChart(target, sources.roots, sources.options), place);
  return { ...(await completeChart(chart, target, sources, above)), from: repository };
}
