import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzip, tar } from "@spin-publisher/archive";
import { type Blob, blobOf, type Digest } from "@spin-publisher/oci";
import { type Content, readContent } from "../content.ts";
import { blob, type FileContent } from "./layers.ts";
import { spinMediaTypes } from "./media-types.ts";

/** How many files an archive holds on average at the most, and how many archives there are at the most. */
const filesPerShard = 32;
const mostShards = 64;
/** Larger files travel alone: bundled, each would be sent again whenever a neighbour changes. */
const largeFile = 1 << 20;
const mostLargeFiles = 64;

/**
 * Bundles files into archives ("shards") such that one changed file changes one small archive. Which archive a file
 * goes into depends on its key and on the number of archives only, and that number is a power of two which changes
 * only when the number of files crosses a threshold.
 *
 * An archive is one gzip member with one plain tar in which every file is called by the hex digest of its content:
 * what Spin's readers make of names does not matter then (equal names, case, Unicode, path length).
 */
export async function archiveLayers(files: readonly FileContent[], folder: string): Promise<readonly Blob[]> {
  const distinct = distinctFiles(files);
  const limit = largeFileLimit(distinct);
  const large = distinct.filter(({ content }) => content.size > limit);
  const bundled = distinct.filter(({ content }) => content.size <= limit);
  const layers = new Map<Digest, Blob>();
  for (const { content } of large) layers.set(content.digest, blob(spinMediaTypes.data, content));
  for (const shard of shardsOf(bundled)) {
    const layer = await archiveOf(shard, folder);
    layers.set(layer.descriptor.digest, layer);
  }
  return [...layers.values()];
}

/** Several components may have the same file. */
function distinctFiles(files: readonly FileContent[]): readonly FileContent[] {
  return [...new Map(files.map((file) => [`${file.content.digest} ${file.key}`, file])).values()];
}

/** The smallest size, doubling from 1 MiB, above which at most 64 files lie. */
function largeFileLimit(files: readonly FileContent[]): number {
  let limit = largeFile;
  while (files.filter(({ content }) => content.size > limit).length > mostLargeFiles) limit *= 2;
  return limit;
}

/** The power of two that keeps shards small while they are few. */
export function shardCount(files: number): number {
  let count = 1;
  while (count < mostShards && count * filesPerShard < files) count *= 2;
  return count;
}

/** The files by archive; empty archives are left out. */
function shardsOf(files: readonly FileContent[]): readonly (readonly FileContent[])[] {
  const shards = Array.from({ length: shardCount(files.length) }, (): FileContent[] => []);
  for (const file of files) shards[bucketOf(file.key, shards.length)]?.push(file);
  return shards.filter((shard) => shard.length > 0);
}

/** A hash spreads paths evenly however alike they are, and the same on every machine. */
function bucketOf(key: string, count: number): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % count;
}

/** Left on disk, so that no more than one archive is in memory at a time. */
async function archiveOf(files: readonly FileContent[], folder: string): Promise<Blob> {
  const contents = new Map<string, Content>(
    files.map(({ content }) => [content.digest.replace("sha256:", ""), content]),
  );
  const entries = [];
  for (const [path, content] of [...contents].sort(([left], [right]) => (left < right ? -1 : 1))) {
    entries.push({ type: "file", path, bytes: await readContent(content) } as const);
  }
  const bytes = gzip(await tar(entries));
  const { descriptor } = blobOf(spinMediaTypes.archive, bytes);
  const path = join(folder, `${descriptor.digest.replace("sha256:", "")}.tar.gz`);
  await writeFile(path, bytes);
  return { descriptor, source: { kind: "file", path } };
}
