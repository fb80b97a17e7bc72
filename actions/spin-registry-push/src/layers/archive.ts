import { createHash } from "node:crypto";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzip, storedTarGzip, type TarEntry, tar } from "@spin-publisher/archive";
import {
  type Annotations,
  type Blob,
  blobOf,
  type Descriptor,
  type Digest,
  type FetchedManifest,
} from "@spin-publisher/oci";
import { spinMediaTypes } from "@spin-publisher/spin-artifact";
import { type Content, readContent } from "../files/content.ts";
import { type FileContent, layerOf } from "./layer-source.ts";
import { distribute, type Shard } from "./shards.ts";

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
 * The files in archives ("shards"); a file in a format that is compressed already, and alone, is a layer as it is.
 *
 * An archive is one gzip member with one plain tar in which every file is named by the hex digest of its content, so
 * that names cannot clash in any reader (case, Unicode, path length).
 */
export async function archiveLayers(files: readonly FileContent[], context: ArchiveContext): Promise<Layers> {
  const single: Blob[] = [];
  const archives = new Map<string, Blob>();
  for (const shard of distribute(files)) {
    const [first, ...others] = shard.files;
    if (first !== undefined && others.length === 0 && !shard.isCompressed) {
      single.push(layerOf(spinMediaTypes.data, first.content));
      continue;
    }
    const archive = archiveOf(shard);
    archives.set(archive.recipe, knownArchive(archive, context) ?? (await newArchive(archive, context)));
  }
  return {
    blobs: [...single, ...archives.values()],
    annotations: archives.size === 0 ? {} : { [recipesAnnotation]: [...archives.keys()].join(" ") },
  };
}

interface Archive {
  readonly recipe: string;
  /** By the hex digest, in its order. */
  readonly contents: Contents;
  readonly isCompressed: boolean;
}

type Contents = ReadonlyMap<string, Content>;

function archiveOf({ files, isCompressed }: Shard): Archive {
  const named = files.map(({ content }) => [content.digest.replace("sha256:", ""), content] as const);
  const contents = new Map(named.sort(([left], [right]) => (left < right ? -1 : 1)));
  return { recipe: recipeOf(contents, isCompressed), contents, isCompressed };
}

/**
 * Identifies what an archive contains: archives with the same recipe have the same files. Its first line is the version
 * of the layout. Half a hash is enough to tell the archives of a site apart.
 */
function recipeOf(contents: Contents, isCompressed: boolean): string {
  const hash = createHash("sha256").update([isCompressed ? "1" : "1 stored", ...contents.keys()].join("\n"));
  return hash.digest().subarray(0, 16).toString("base64url");
}

/** The archive of an earlier version; built again only if the registry has lost it. */
function knownArchive(archive: Archive, { known, folder }: ArchiveContext): Blob | undefined {
  const earlier = known.get(archive.recipe);
  if (earlier === undefined) return undefined;
  const { digest, size } = earlier;
  const open = async () => {
    const again = await newArchive(archive, { folder });
    if (again.descriptor.digest === digest) return readFile(pathOf(archive, folder));
    throw new Error(
      `The registry has lost the archive ${digest} of the previous version, and building it again gives another digest. Set the input "layers" to files.`,
    );
  };
  return {
    descriptor: { mediaType: spinMediaTypes.archive, digest, size },
    source: { kind: "deferred", open },
  };
}

/** Writes an archive to a file. */
async function newArchive(archive: Archive, { folder }: Pick<ArchiveContext, "folder">): Promise<Blob> {
  const path = pathOf(archive, folder);
  const mediaType = spinMediaTypes.archive;
  if (archive.isCompressed) {
    const entries: TarEntry[] = [];
    for await (const entry of entriesOf(archive)) entries.push(entry);
    const bytes = gzip(await tar(entries));
    await writeFile(path, bytes);
    return { descriptor: blobOf(mediaType, bytes).descriptor, source: { kind: "file", path } };
  }
  const hash = createHash("sha256");
  let size = 0;
  const file = await open(path, "w");
  try {
    for await (const chunk of storedTarGzip(entriesOf(archive))) {
      hash.update(chunk);
      size += chunk.length;
      await file.write(chunk);
    }
  } finally {
    await file.close();
  }
  const digest: Digest = `sha256:${hash.digest("hex")}`;
  return { descriptor: { mediaType, digest, size }, source: { kind: "file", path } };
}

function pathOf({ recipe }: Archive, folder: string): string {
  return join(folder, `${recipe}.tar.gz`);
}

async function* entriesOf({ contents }: Archive): AsyncIterable<TarEntry> {
  for (const [path, content] of contents) yield { type: "file", path, bytes: await readContent(content) };
}
