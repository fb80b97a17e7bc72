import { realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Fetch } from "@spin-publisher/http";
import { digestOf, parseReference, type RegistryReader } from "@spin-publisher/oci";
import { type Chart, loadChart, loadPackagedChart, sortedSubcharts } from "../chart/load.ts";
import { isCurrent } from "../chart/lock.ts";
import type { Dependency } from "../chart/metadata.ts";
import { walkChart } from "../chart/walk.ts";
import { isInRange, parseRange } from "../version/range.ts";
import { parseLoose } from "../version/semver.ts";
import { requireNoSecret } from "./address.ts";
import { chartReference, getFromRegistry } from "./chart-registry.ts";
import { getFromRepository } from "./chart-repository.ts";

/** Where charts that are not in the chart's own charts/ folder come from. */
export interface ChartSources {
  readonly fetch: Fetch;
  readonly reader: RegistryReader;
  /** The workspace: `file://` dependencies and links stay below it. */
  readonly boundary: string;
}

/** A dependency as it went into the package. */
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

const update = 'run "helm dependency update" and commit Chart.lock';

/**
 * Adds the charts that a chart depends on, in the versions that Chart.lock names: those in charts/ are taken as they
 * are, the others are fetched. Nothing is chosen here; what Chart.lock does not name is an error.
 *
 * @param folder of the chart, for `file://` dependencies.
 * @param parents folders of the charts that depend on this one.
 * @throws Error when an address holds a secret, when the lock is missing or stale, when a version in charts/ is not the locked one, when a dependency
 *   cannot be had, or is not what it says.
 */
export async function completeChart(
  chart: Chart,
  folder: string,
  sources: ChartSources,
  parents: readonly string[] = [],
): Promise<CompleteChart> {
  const { metadata, lock } = chart;
  const what = metadata.name;
  for (const asked of [...metadata.dependencies, ...(lock?.dependencies ?? [])]) requireNoSecret(asked);
  if (lock !== undefined && !isCurrent(lock, metadata)) {
    throw new Error(
      `Chart.lock of ${what} was made for other dependencies than Chart.yaml has now; ${update}.`,
    );
  }
  const fetched = new Map<string, Chart>();
  const resolved: ResolvedDependency[] = [];
  for (const [index, dependency] of metadata.dependencies.entries()) {
    const locked = lock?.dependencies?.[index];
    const vendored = chart.subcharts.find((subchart) => subchart.metadata.name === dependency.name);
    if (vendored !== undefined) {
      requireVendoredVersion(vendored, dependency, locked, what);
      resolved.push({ name: dependency.name, version: vendored.metadata.version, from: "charts/" });
      continue;
    }
    if (dependency.repository === "") {
      throw new Error(
        `${what} depends on ${dependency.name}, which has no "repository" and is not in charts/; add one of the two.`,
      );
    }
    if (locked === undefined) {
      throw new Error(
        `${what} depends on ${dependency.name}, but it has no Chart.lock that names its version; ${update}.`,
      );
    }
    if (locked.name !== dependency.name) {
      throw new Error(
        `Chart.lock of ${what} names ${locked.name} where Chart.yaml has ${dependency.name}; ${update}.`,
      );
    }
    const key = `${dependency.name} ${locked.version}`;
    if (fetched.has(key)) continue;
    const found = await getDependency(dependency, locked.version, folder, sources, parents);
    requireIdentity(found.chart, dependency.name, locked.version, found.from);
    fetched.set(key, found.chart);
    resolved.push({ name: dependency.name, version: locked.version, from: found.from }, ...found.resolved);
  }
  return {
    chart: { ...chart, subcharts: sortedSubcharts([...chart.subcharts, ...fetched.values()], what) },
    resolved,
  };
}

async function getDependency(
  { name, repository }: Dependency,
  version: string,
  folder: string,
  sources: ChartSources,
  parents: readonly string[],
): Promise<CompleteChart & { readonly from: string }> {
  if (repository.startsWith("file://")) return getLocal(repository, name, folder, sources, parents);
  if (repository.startsWith("oci://")) {
    return unpack(await getFromRegistry(chartReference(repository, name, version), sources.reader));
  }
  if (!/^https?:\/\//.test(repository)) {
    throw new Error(
      `The dependency ${name} has the repository "${repository}", a name that only the machine it was made on knows; write the repository's address.`,
    );
  }
  const answer = await getFromRepository(repository, name, version, sources.fetch);
  if (answer.kind === "registry")
    return unpack(await getFromRegistry(parseReference(answer.reference), sources.reader));
  return unpack({ bytes: answer.bytes, reference: answer.address, digest: digestOf(answer.bytes) });
}

async function unpack(got: {
  readonly bytes: Uint8Array;
  readonly reference: string;
  readonly digest: string;
}): Promise<CompleteChart & { readonly from: string }> {
  const chart = await loadPackagedChart(got.bytes, `the chart from ${got.reference}`);
  return { chart, resolved: [], from: `${got.reference}@${got.digest}` };
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
      `The dependency ${name} is at "${repository}", where no folder is; correct "repository".`,
      { cause },
    );
  });
  const below = relative(await realpath(sources.boundary), target);
  if (below === ".." || below.startsWith(`..${sep}`)) {
    throw new Error(
      `The dependency ${name} is at "${repository}", outside the workspace; copy the chart into it.`,
    );
  }
  const above = [...parents, await realpath(folder)];
  if (above.includes(target)) throw new Error(`The dependency ${name} at "${repository}" depends on itself.`);
  const chart = await loadChart(await walkChart(target, sources.boundary), `the chart at ${repository}`);
  return { ...(await completeChart(chart, target, sources, above)), from: repository };
}

function requireIdentity({ metadata }: Chart, name: string, version: string, from: string): void {
  if (metadata.name !== name) {
    throw new Error(
      `The dependency ${name} was got from ${from}, but that is the chart ${metadata.name}; correct "name".`,
    );
  }
  if (metadata.version === version) return;
  throw new Error(
    `The dependency ${name} ${version} was got from ${from}, but that is version ${metadata.version}; ${update}.`,
  );
}

function requireVendoredVersion(
  { metadata }: Chart,
  dependency: Dependency,
  locked: Dependency | undefined,
  what: string,
): void {
  if (locked !== undefined && locked.repository !== "") {
    if (metadata.version === locked.version) return;
    throw new Error(
      `charts/ of ${what} holds ${metadata.name} ${metadata.version}, but Chart.lock names ${locked.version}; run "helm dependency build".`,
    );
  }
  const version = parseLoose(metadata.version);
  if (version !== undefined && isInRange(version, parseRange(dependency.version))) return;
  throw new Error(
    `charts/ of ${what} holds ${metadata.name} ${metadata.version}, but Chart.yaml asks for ${dependency.version}; change one of them.`,
  );
}
