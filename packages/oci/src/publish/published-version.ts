import { isObject } from "@spin-publisher/json";
import pLimit from "p-limit";
import type { FetchedManifest, RegistryReader } from "../client/types.ts";
import { mediaTypes } from "../spec/image-spec.ts";
import type { Repository } from "../spec/reference.ts";

/** image-spec, annotations.md: the version of the packaged software, as an annotation or as a label of an image. */
const versionKey = "org.opencontainers.image.version";

const configTypes: readonly string[] = [mediaTypes.config, "application/vnd.docker.container.image.v1+json"];

/** Larger configs, in bytes, are not read for a label. */
const configLimit = 1 << 20;

/** What counts as a version, which OCI does not define. */
export interface VersionRules {
  readonly isRelease: (text: string) => boolean;
  /** Whether a release is newer than the one to be published. */
  readonly isNewer: (version: string) => boolean;
}

/**
 * The release that a manifest of any publisher is: by its annotation, else by the label of its image (for an index, of the
 * first one), else by a newer release tag that points at the same digest. Only for the last one are tags listed, all pages.
 *
 * @returns undefined if none of these says so, or cannot be read: such a manifest is not known to be a release.
 */
export async function publishedVersion(
  reader: RegistryReader,
  repository: Repository,
  manifest: FetchedManifest,
  { isRelease, isNewer }: VersionRules,
): Promise<string | undefined> {
  const annotated = manifest.document.annotations?.[versionKey];
  if (annotated !== undefined && isRelease(annotated)) return annotated;
  const labelled = await labelOf(reader, repository, manifest).catch(() => undefined);
  if (labelled !== undefined && isRelease(labelled)) return labelled;
  const tags = await reader.tags(repository).catch(() => []);
  const lane = pLimit(8);
  const pointingHere = await Promise.all(
    tags.filter(isNewer).map((tag) =>
      lane(async () => {
        const found = await reader.manifest({ ...repository, tag }).catch(() => undefined);
        return found?.descriptor.digest === manifest.descriptor.digest ? tag : undefined;
      }),
    ),
  );
  return pointingHere.find((tag) => tag !== undefined);
}

async function labelOf(
  reader: RegistryReader,
  repository: Repository,
  { document }: FetchedManifest,
): Promise<string | undefined> {
  if ("manifests" in document) {
    const [first] = document.manifests;
    const child = first && (await reader.manifest({ ...repository, digest: first.digest }));
    if (child === undefined || "manifests" in child.document) return undefined;
    return child.document.annotations?.[versionKey] ?? labelOf(reader, repository, child);
  }
  if (!configTypes.includes(document.config.mediaType)) return undefined;
  const bytes = await reader.blob(repository, document.config, configLimit);
  const config: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const labels = isObject(config) && isObject(config.config) ? config.config.Labels : undefined;
  const version = isObject(labels) ? labels[versionKey] : undefined;
  return typeof version === "string" ? version : undefined;
}
