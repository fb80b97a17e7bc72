// What a registry on this machine holds, read from its image layouts.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "@spin-publisher/errors";
import { isObject, type JsonObject, objectsOf, parseObject } from "@spin-publisher/json";
import { isReferrersTag } from "@spin-publisher/oci";
import type { RegistryServer } from "@spin-publisher/sandbox";
import { lockedAppLayer } from "@spin-publisher/spin-artifact";
import { artifactSize } from "./layout-size.ts";

export type ArtifactKind = "content" | "image" | "chart" | "other";

export interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  /** The file that the layer holds or creates, where its manifest says so. */
  readonly title: string | undefined;
}

/** An image manifest: a separate artifact, or one platform of an index. */
export interface Part {
  /** `linux/arm64`; undefined outside of an index. */
  readonly platform: string | undefined;
  readonly digest: string;
  readonly layers: readonly Layer[];
}

/** Everything that one digest stands for; several tags may name it. */
export interface PublishedArtifact {
  readonly kind: ArtifactKind;
  readonly tags: readonly string[];
  readonly digest: string;
  /** Bytes, with everything it refers to. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly parts: readonly Part[];
}

export interface PublishedRepository {
  readonly name: string;
  /** The newest first. */
  readonly artifacts: readonly PublishedArtifact[];
}

/** All repositories with their tagged artifacts. Documents are stored by anyone, so nothing in them is taken for granted. */
export async function inventory(registry: RegistryServer): Promise<readonly PublishedRepository[]> {
  const response = await fetch(`${registry.origin}/v2/_catalog`);
  const { repositories } = response.ok ? Object(await response.json()) : { repositories: [] };
  const names: readonly string[] = Array.isArray(repositories) ? repositories.map(String) : [];
  return Promise.all(names.map(async (name) => ({ name, artifacts: await artifactsOf(registry, name) })));
}

async function artifactsOf(
  registry: RegistryServer,
  repository: string,
): Promise<readonly PublishedArtifact[]> {
  const index = await registry.inspect(repository);
  if (index === undefined) return [];
  const tags = new Map<string, string[]>();
  for (const [tag, digest] of index.tags)
    if (!isReferrersTag(tag)) tags.set(digest, [...(tags.get(digest) ?? []), tag]);
  const newestFirst = [...index.manifests.keys()].reverse().filter((digest) => tags.has(digest));
  const layout = join(registry.root, repository);
  return Promise.all(
    newestFirst.map((digest) => readArtifact(layout, digest, tags.get(digest)?.sort() ?? [])),
  );
}

async function readArtifact(
  layout: string,
  digest: string,
  tags: readonly string[],
): Promise<PublishedArtifact> {
  const document = await readDocument(layout, digest);
  const children = objectsOf(document.manifests)?.flatMap((entry) => {
    const platform = platformOf(entry.platform);
    // BuildKit's attestations are manifests for the platform unknown/unknown.
    return typeof entry.digest === "string" && platform !== "unknown/unknown"
      ? [{ digest: entry.digest, platform }]
      : [];
  });
  const parts =
    children === undefined
      ? [partOf(document, digest, undefined)]
      : await Promise.all(children.map(({ digest, platform }) => readPart(layout, digest, platform)));
  return {
    kind: children === undefined ? kindOf(document, parts[0]?.layers ?? []) : "image",
    tags,
    digest,
    size: await artifactSize(layout, digest),
    annotations: textsOf(document.annotations),
    parts,
  };
}

async function readDocument(layout: string, digest: string): Promise<JsonObject> {
  return parseObject(await readFile(join(layout, "blobs", ...digest.split(":"))), `The manifest ${digest}`);
}

/** A copy of an index need not have all its images: one that is missing has no layers. */
async function readPart(layout: string, digest: string, platform: string | undefined): Promise<Part> {
  try {
    return partOf(await readDocument(layout, digest), digest, platform);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return { platform, digest, layers: [] };
  }
}

function partOf(document: JsonObject, digest: string, platform: string | undefined): Part {
  const layers = (objectsOf(document.layers) ?? []).map((layer) => ({
    mediaType: String(layer.mediaType),
    digest: String(layer.digest),
    size: Number(layer.size),
    title: textsOf(layer.annotations)["org.opencontainers.image.title"],
  }));
  return { platform, digest, layers };
}

function kindOf({ config }: JsonObject, layers: readonly Layer[]): ArtifactKind {
  if (lockedAppLayer(layers) !== undefined) return "content";
  const mediaType = isObject(config) ? String(config.mediaType) : "";
  if (mediaType === "application/vnd.cncf.helm.config.v1+json") return "chart";
  return /^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\.v1\+json$/.test(mediaType)
    ? "image"
    : "other";
}

function platformOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  return [value.os, value.architecture, value.variant].filter((part) => typeof part === "string").join("/");
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
