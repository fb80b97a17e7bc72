import { createHash } from "node:crypto";
import type { FileContent } from "./layer-source.ts";

/** The most files per archive on average, and the most archives. */
const filesPerShard = 32;
const mostShards = 32;
/** Larger files get a layer of their own: in an archive, they would be uploaded again whenever a neighbour changes. */
const largeFile = 1 << 20;
const mostLargeFiles = 64;

/** Which files share an archive. */
export interface Distribution {
  readonly alone: readonly FileContent[];
  readonly shards: readonly (readonly FileContent[])[];
}

/**
 * Distributes files over archives so that one changed file changes one small archive. Which archive a file belongs in
 * depends only on its key and on the number of archives: a power of two, which changes only when the number of files
 * crosses a threshold.
 */
export function distribute(files: readonly FileContent[]): Distribution {
  const distinct = distinctFiles(files);
  const limit = largeFileLimit(distinct);
  return {
    alone: distinct.filter(({ content }) => content.size > limit),
    shards: shardsOf(distinct.filter(({ content }) => content.size <= limit)),
  };
}

/** Several components may have the same file. */
function distinctFiles(files: readonly FileContent[]): readonly FileContent[] {
  return [...new Map(files.map((file) => [`${file.content.digest} ${file.key}`, file])).values()];
}

/** The smallest size, doubling from 1 MiB, that at most 64 files exceed. */
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

/** Empty archives are left out. */
function shardsOf(files: readonly FileContent[]): readonly (readonly FileContent[])[] {
  const shards = Array.from({ length: shardCount(files.length) }, (): FileContent[] => []);
  for (const file of files) shards[bucketOf(file.key, shards.length)]?.push(file);
  return shards.filter((shard) => shard.length > 0);
}

/** A hash spreads even similar paths evenly, and identically on every machine. */
function bucketOf(key: string, count: number): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % count;
}
