import type {
  Artifact,
  Descriptor,
  Digest,
  FetchedManifest,
  ImageManifest,
  RegistryReader,
  Repository,
} from "@spin-publisher/oci";
import { filesOfPackage } from "../chart/load.ts";
import { appVersionBefore, meaningByPath } from "../chart/meaning.ts";
import { chartMediaTypes } from "../chart/media-types.ts";
import type { ChartFile } from "../chart/walk.ts";

/** Compressed size up to which an existing chart is compared file by file. */
const packageLimit = 32 * 1024 * 1024;

/** How the chart that a tag holds compares with the one that was built. */
export type Comparison =
  | { readonly kind: "same-files" }
  | {
      readonly kind: "other-files";
      readonly lines: readonly string[];
      /** The published appVersion, where the two charts differ in nothing else. */
      readonly onlyAppVersion: string | undefined;
    }
  /** The tag holds something that is not a chart; the reason is a clause without a subject. */
  | { readonly kind: "no-chart"; readonly reason: string };

/**
 * Compares by what a chart is: its files, of which Chart.yaml and Chart.lock count by what they mean. The same files
 * packed at another time, by another compressor, by Helm or from another commit are the same chart.
 *
 * @param files of the chart that was built, with the folder that holds them.
 * @param archive digest of the package that was built: an equal one needs no download.
 */
export async function compareWithExisting(
  existing: FetchedManifest,
  repository: Repository,
  files: readonly ChartFile[],
  archive: Digest,
  reader: RegistryReader,
): Promise<Comparison> {
  const { document } = existing;
  if (!("config" in document) || document.config.mediaType !== chartMediaTypes.config) {
    const type = "config" in document ? document.config.mediaType : "an index";
    return { kind: "no-chart", reason: `points at ${type}, which is not a Helm chart` };
  }
  const layer = contentLayer(document);
  if (layer === undefined) return { kind: "no-chart", reason: "has no layer with a packaged chart" };
  if (layer.digest === archive) return { kind: "same-files" };
  const packed = await filesOfPackage(
    await reader.blob(repository, layer, packageLimit),
    "The chart that the tag points at",
  );
  const built = files.map(({ path, bytes }) => ({ path: path.slice(path.indexOf("/") + 1), bytes }));
  const lines = differences(meaningByPath(packed), meaningByPath(built));
  if (lines.length === 0) return { kind: "same-files" };
  const [before, after] = [packed, built].map((chart) => chart.find(({ path }) => path === "Chart.yaml"));
  const onlyAppVersion =
    lines.join() === "changed: Chart.yaml" && before !== undefined && after !== undefined
      ? appVersionBefore(before.bytes, after.bytes)
      : undefined;
  return { kind: "other-files", lines, onlyAppVersion };
}

/** The existing artifact as one of ours, for a publication that has nothing to change. */
export function existingArtifact(
  { descriptor, bytes, document }: FetchedManifest,
  repository: Repository,
): Artifact {
  const descriptors = "config" in document ? [document.config, ...document.layers] : [];
  const blobs = descriptors.map((blob: Descriptor) => ({
    descriptor: blob,
    source: { kind: "repository" as const, repository },
  }));
  return { root: { descriptor, bytes, blobs, children: [] } };
}

function contentLayer({ layers }: ImageManifest): Descriptor | undefined {
  return chartMediaTypes.content
    .map((type) => layers.find(({ mediaType }) => mediaType === type))
    .find(Boolean);
}

/** One line for each path that was added, removed or changed, in the order of the paths. */
export function differences(
  before: ReadonlyMap<string, Digest>,
  after: ReadonlyMap<string, Digest>,
): readonly string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    if (!before.has(path)) return [`added: ${path}`];
    if (!after.has(path)) return [`removed: ${path}`];
    return before.get(path) === after.get(path) ? [] : [`changed: ${path}`];
  });
}
