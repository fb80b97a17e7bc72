import type { Chart } from "../chart/load.ts";
import type { Dependency } from "../chart/metadata.ts";
import { isInRange, rangeIn } from "../version/range.ts";
import { parseLoose } from "../version/semver.ts";

/** What to do about a lock that does not fit. */
export const update = 'run "helm dependency update" and commit Chart.lock';

/**
 * Checks that a chart that was fetched is the one that Chart.lock names.
 *
 * @param from where it was fetched from, for the error.
 */
export function requireIdentity({ metadata }: Chart, name: string, version: string, from: string): void {
  if (metadata.name !== name) {
    throw new Error(
      `The dependency ${name} was fetched from ${from}, but that is the chart ${metadata.name}; correct "name".`,
    );
  }
  if (metadata.version === version) return;
  throw new Error(
    `The dependency ${name} ${version} was fetched from ${from}, but that is version ${metadata.version}; ${update}.`,
  );
}

/**
 * Checks that a chart in charts/ is the version that Chart.lock names, or without a lock one that Chart.yaml asks for.
 *
 * @param what the name of the chart that depends on it.
 */
export function requireVendoredVersion(
  { metadata }: Chart,
  dependency: Dependency,
  locked: Dependency | undefined,
  what: string,
): void {
  if (locked !== undefined && locked.repository !== "") {
    if (metadata.version === locked.version) return;
    throw new Error(
      `charts/ of ${what} contains ${metadata.name} ${metadata.version}, but Chart.lock names ${locked.version}; run "helm dependency build".`,
    );
  }
  // Helm packages a chart whatever version is asked for; one that is not a range cannot exclude any.
  const [version, range] = [parseLoose(metadata.version), rangeIn(dependency.version)];
  if (version === undefined || range === undefined || isInRange(version, range)) return;
  throw new Error(
    `charts/ of ${what} contains ${metadata.name} ${metadata.version}, but Chart.yaml asks for ${dependency.version}; change one of them.`,
  );
}
