import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzip, type TarEntry, tar } from "@spin-publisher/archive";
import {
  type Annotations,
  type Blob,
  blobOf,
  type Descriptor,
  digestOf,
  type FetchedManifest,
} from "@spin-publisher/oci";
import { spinMediaTypes } from "@spin-publisher/spin-artifact";
import { type Content, readContent } from "../files/content.ts";
import { type FileContent, layerOf } from "./layer-source.ts";
import { distribute } from "./shards.ts";

/**
 * The annotation that says what the archives contain, so that a later run need not build them to find out: a recipe for
 * each, in the order of the layers.
 */
const recipesAnnotation = "io.github.spin-publisher.archives";

/** Archives by their recipe. */
export type KnownArchives = ReadonlyMap<string, Pick<Descriptor, "digest" | "size">>;

/** The archives of earlier versions that say what they contain. */
export function knownArchives(versions: readonly FetchedManifest[]): KnownArchives {
  const known = new Map<string, Descriptor>();
  for (const { document } of versions) {
    const layers = "layers" in document ? document.layers : [];
    const archives = layers.filter(({ mediaType }) => mediaType === spinMediaTypes.archive);
    const recipes = document.annotations?.[recipesAnnotation]?.split(" ") ?? [];
    if (recipes.length !== archives.length) continue;
    for (const [index, archive] of archives.entries()) known.set(recipes[index] ?? "", archive);
  }
  return known;
}

export interface ArchiveContext {
  /** Where archives are kept until they are published, so that no more than one is in memory at a time. */
  readonly folder: string;
  /**
   * Archives of earlier versions in the repository that is written to. What they contain is a claim of whoever
   * published them, who could replace the new version just as well.
   */
  readonly known: KnownArchives;
}

/** Layers, and the manifest's annotations about them. */
export interface Layers {
  readonly blobs: readonly Blob[];
  readonly annotations: Annotations;
}

/**
 * The files in archives ("shards"), and large ones in layers of their own.
 *
 * An archive is one gzip member with one plain tar in which every file is named by the hex digest of its content, so
 * that names cannot clash in any reader (case, Unicode, path length).
 */
export async function archiveLayers(files: readonly FileContent[], context: ArchiveContext): Promise<Layers> {
  const { alone, shards } = distribute(files);
  const single = new Map(alone.map(({ content }) => [content.digest, layerOf(spinMediaTypes.data, content)]));
  const archives = new Map<string, Blob>();
  for (const shard of shards) {
    const contents = contentsOf(shard);
    const recipe = recipeOf(contents);
    archives.set(
      recipe,
      knownArchive(recipe, contents, context) ?? (await newArchive(recipe, contents, context)),
    );
  }
  return {
    blobs: [...single.values(), ...archives.values()],
    annotations: archives.size === 0 ? {} : { [recipesAnnotation]: [...archives.keys()].join(" ") },
  };
}

/** By the hex digest, in its order. */
type Contents = ReadonlyMap<string, Content>;

function contentsOf(files: readonly FileContent[]): Contents {
  const named = files.map(({ content }) => [content.digest.replace("sha256:", ""), content] as const);
  return new Map(named.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/**
 * Identifies what an archive contains, however it was compressed: archives with the same recipe have the same files. Its
 * first line is the version of the layout. Half a hash is enough to tell the archives of a site apart.
 */
function recipeOf(contents: Contents): string {
  const hash = createHash("sha256").update(["1", ...contents.keys()].join("\n"));
  return hash.digest().subarray(0, 16).toString("base64url");
}

/** The archive of an earlier version; built again only if the registry has lost it. */
function knownArchive(recipe: string, contents: Contents, { known }: ArchiveContext): Blob | undefined {
  const earlier = known.get(recipe);
  if (earlier === undefined) return undefined;
  const { digest, size } = earlier;
  const open = async () => {
    const bytes = await pack(contents);
    if (digestOf(bytes) === digest) return bytes;
    throw new Error(
      `The registry has lost the archive ${digest} of the previous version, and building it again gives another digest. Set the input "layers" to files.`,
    );
  };
  return {
    descriptor: { mediaType: spinMediaTypes.archive, digest, size },
    source: { kind: "deferred", open },
  };
}

async function newArchive(recipe: string, contents: Contents, { folder }: ArchiveContext): Promise<Blob> {
  const bytes = await pack(contents);
  const { descriptor } = blobOf(spinMediaTypes.archive, bytes);
  const path = join(folder, `${recipe}.tar.gz`);
  await writeFile(path, bytes);
  return { descriptor, source: { kind: "file", path } };
}

async function pack(contents: Contents): Promise<Uint8Array> {
  const entries: TarEntry[] = [];
  for (const [path, content] of contents) {
    entries.push({ type: "file", path, bytes: await readContent(content) });
  }
  return gzip(await tar(entries));
}
