import { join } from "node:path";
import {
  type Annotations,
  type Artifact,
  type Digest,
  digestOf,
  type FetchedManifest,
  type RegistryReader,
  type Repository,
} from "@spin-publisher/oci";
import { chartArtifact } from "./artifact/chart-artifact.ts";
import { type Comparison, compareWithExisting, existingArtifact } from "./artifact/existing.ts";
import { type Chart, loadChart } from "./chart/load.ts";
import type { ChartMetadata } from "./chart/metadata.ts";
import { packageChart, packagedFiles } from "./chart/package.ts";
import { requireLoadable, requirePublishable } from "./chart/validate.ts";
import { setValues } from "./chart/values.ts";
import { type ChartFile, walkChart } from "./chart/walk.ts";
import { type ChartSources, completeChart, type ResolvedDependency } from "./dependency/complete.ts";
import { readYaml } from "./yaml/read.ts";
import type { YamlValue } from "./yaml/value.ts";

/** What the inputs say about a chart that its folder does not. */
export interface ChartInputs {
  /** The chart's folder. */
  readonly folder: string;
  /** Links and `file://` dependencies stay below it. */
  readonly workspace: string;
  /** Replaces the version of Chart.yaml; empty for none. */
  readonly version: string;
  readonly appVersion: string;
  /** Written into values.yaml, by path. */
  readonly values: Readonly<Record<string, string>>;
}

/** A chart's own folder, read: enough to know under which name and version it will be published. */
export interface ReadChart {
  readonly chart: Chart;
  /** Chart.yaml as it was written. */
  readonly document: YamlValue;
}

/** Reads a chart's folder and applies the inputs. @throws Error when it is no chart that could be published. */
export async function readChart({
  folder,
  workspace,
  version,
  appVersion,
  values,
}: ChartInputs): Promise<ReadChart> {
  const files = await walkChart(folder, workspace);
  const where = `the chart ${folder}`;
  const loaded = await loadChart(withValues(files, values, where), where);
  const metadata: ChartMetadata = {
    ...loaded.metadata,
    ...(version === "" ? {} : { version }),
    ...(appVersion === "" ? {} : { appVersion }),
  };
  const file = join(folder, "Chart.yaml");
  requireLoadable(metadata, file);
  requirePublishable(metadata, file);
  const written = files.find(({ path }) => path === "Chart.yaml");
  return {
    chart: { ...loaded, metadata },
    document: written === undefined ? null : readYaml(written.bytes, file),
  };
}

function withValues(
  files: readonly ChartFile[],
  values: Readonly<Record<string, string>>,
  where: string,
): readonly ChartFile[] {
  if (Object.keys(values).length === 0) return files;
  if (!files.some(({ path }) => path === "values.yaml")) {
    throw new Error(
      `Input "values" sets values, but ${where} has no values.yaml; add one that holds their defaults.`,
    );
  }
  return files.map((file) =>
    file.path === "values.yaml"
      ? { ...file, bytes: new TextEncoder().encode(setValues(new TextDecoder().decode(file.bytes), values)) }
      : file,
  );
}

/** A chart with everything in it, packaged. */
export interface PackedChart {
  readonly metadata: ChartMetadata;
  readonly files: readonly ChartFile[];
  readonly archive: Uint8Array;
  readonly digest: Digest;
  readonly resolved: readonly ResolvedDependency[];
  readonly chart: Chart;
}

export async function packChart(read: Chart, folder: string, sources: ChartSources): Promise<PackedChart> {
  const { chart, resolved } = await completeChart(read, folder, sources);
  const files = packagedFiles(chart);
  const archive = await packageChart(files);
  return { metadata: chart.metadata, files, archive, digest: digestOf(archive), resolved, chart };
}

/** What is to be published: the artifact that the tag already holds when it is the same chart, else a new one. */
export interface ChosenArtifact {
  readonly artifact: Artifact;
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
}

export interface Publishing {
  readonly repository: Repository;
  readonly existing: FetchedManifest | undefined;
  /** Whether a tag that holds the same files stays as it is, whatever its annotations. */
  readonly immutable: boolean;
  readonly source: string;
  readonly created: string | undefined;
  readonly annotations: Annotations;
  readonly reader: RegistryReader;
}

export async function chooseArtifact(packed: PackedChart, publishing: Publishing): Promise<ChosenArtifact> {
  const { existing, repository, reader } = publishing;
  const built = chartArtifact(packed.metadata, packed.archive, publishing);
  const compare = (manifest: FetchedManifest) =>
    compareWithExisting(manifest, repository, packed.files, packed.digest, reader);
  const describeDifference = async (manifest: FetchedManifest) => linesOf(await compare(manifest));
  const identical = existing?.descriptor.digest === built.root.descriptor.digest;
  if (existing === undefined || identical || !publishing.immutable)
    return { artifact: built, describeDifference };
  const comparison = await compare(existing);
  return comparison.kind === "same-files"
    ? { artifact: existingArtifact(existing, repository), describeDifference }
    : {
        artifact: built,
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
