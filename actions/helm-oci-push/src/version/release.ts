import { type Pushed, requireTag } from "@spin-publisher/action-runtime";

/** How the name of a Git tag that releases a chart begins. */
const prefix = "chart-";

/** The tag of a chart in a registry: its version, with `_` for the `+` that a tag cannot hold. */
export function chartTag(version: string): string {
  return requireTag(version.replaceAll("+", "_"));
}

/**
 * A Git tag `chart-1.0.3` releases version 1.0.3 and no other; any other event says nothing about the version.
 *
 * @param from what the version comes from, as a clause: `charts/bart/Chart.yaml has the version`.
 * @throws Error naming both versions.
 */
export function requireReleasedVersion(pushed: Pushed, version: string, from: string): void {
  if (pushed.kind !== "tag" || !pushed.name.startsWith(prefix)) return;
  const released = pushed.name.slice(prefix.length);
  if (released === version) return;
  throw new Error(
    `The Git tag ${pushed.name} releases version ${released}, but ${from} ${version}; set that version, commit it and tag the commit.`,
  );
}
