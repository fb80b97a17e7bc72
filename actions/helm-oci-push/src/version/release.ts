import { type Pushed, requireTag } from "@spin-publisher/action-runtime";
import type { ChartMetadata } from "../chart/metadata.ts";

/** What a Git tag must begin with to be a chart's release. */
const prefix = "chart-";

/** The tag of a chart in a registry: its version, with `_` for the `+` that a tag cannot hold. */
export function chartTag({ version }: ChartMetadata): string {
  return requireTag(version.replaceAll("+", "_"));
}

/**
 * A Git tag `chart-1.0.3` releases version 1.0.3 and no other; any other event says nothing about the version.
 *
 * @throws Error naming both versions.
 */
export function requireReleasedVersion(pushed: Pushed, { version }: ChartMetadata, file: string): void {
  if (pushed.kind !== "tag" || !pushed.name.startsWith(prefix)) return;
  const released = pushed.name.slice(prefix.length);
  if (released === version) return;
  throw new Error(
    `The Git tag ${pushed.name} releases version ${released}, but ${file} has the version ${version}; set that version, commit it and tag the commit.`,
  );
}
