import type { Artifact, FetchedManifest, RegistryReader, Repository } from "@spin-publisher/oci";
import { type ChartRecord, chartArtifact } from "./chart-artifact.ts";
import { type Comparison, compareWithExisting, existingArtifact } from "./existing.ts";
import type { PackedChart } from "./pack-chart.ts";

/** The artifact to publish, and how it differs from another chart. */
export interface ChosenArtifact {
  readonly artifact: Artifact;
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
  /** The appVersion of the published chart, where a dry run keeps it. */
  readonly keptAppVersion?: string;
}

/** Where a chart is published, and what is there now. */
export interface Destination {
  readonly repository: Repository;
  /** What the tag points at now. */
  readonly existing: FetchedManifest | undefined;
  /** Whether a tag that holds the same files stays as it is, whatever its annotations. */
  readonly immutable: boolean;
  /** A dry run keeps a published chart that differs in nothing but its appVersion: only a new version publishes it. */
  readonly dryRun: boolean;
  readonly reader: RegistryReader;
}

/**
 * The artifact that the tag points at already, where that is the same chart, file by file; else a new one. So a version
 * that was published from another commit, or by Helm, is left as it is, not refused.
 */
export async function chooseArtifact(
  packed: PackedChart,
  record: ChartRecord,
  { repository, existing, immutable, dryRun, reader }: Destination,
): Promise<ChosenArtifact> {
  const artifact = chartArtifact(packed.chart.metadata, packed.archive, record);
  const compare = (manifest: FetchedManifest) =>
    compareWithExisting(manifest, repository, packed.files, packed.digest, reader);
  const describeDifference = async (manifest: FetchedManifest) => linesOf(await compare(manifest));
  const identical = existing?.descriptor.digest === artifact.root.descriptor.digest;
  if (existing === undefined || identical || !immutable) return { artifact, describeDifference };

  const comparison = await compare(existing);
  if (comparison.kind === "same-files") {
    return { artifact: existingArtifact(existing, repository), describeDifference };
  }
  if (dryRun && comparison.kind === "other-files" && comparison.onlyAppVersion !== undefined) {
    return {
      artifact: existingArtifact(existing, repository),
      describeDifference,
      keptAppVersion: comparison.onlyAppVersion,
    };
  }
  return {
    artifact,
    describeDifference: async (manifest) =>
      manifest === existing ? linesOf(comparison) : describeDifference(manifest),
  };
}

function linesOf(comparison: Comparison): readonly string[] {
  switch (comparison.kind) {
    case "same-files":
      return ["annotations of the manifest only"];
    case "no-chart":
      return [`the tag ${comparison.reason}`];
    case "other-files":
      return comparison.lines;
  }
}
