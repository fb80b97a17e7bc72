import { hash } from "node:crypto";
import type { FileContent } from "./layer-source.ts";

/** The most archives: with modules and the locked application, an artifact stays below 128 layers. */
export const mostShards = 112;
/** Of these, text has as many to itself: a page is changed more often than an image. */
const textShards = 88;

/** Archives of about this many bytes or fewer, as they are sent, are not split: each one is a request for every pod. */
export const smallShard = 44 << 10;

/** Files that travel in one archive. */
export interface Shard {
  readonly files: readonly FileContent[];
  /** Whether to compress it: not formats that are compressed already, and not what is too large to hold in memory. */
  readonly isCompressed: boolean;
}

/** What text shrinks to, about. */
const textRatio = 0.4;
/** In bytes; an archive is compressed in memory. */
const largestCompressed = 32 << 20;

/** Formats that hardly shrink any more. */
const compressedFormats = new Set(
  "7z aac apng avif br bz2 docx eot flac gif gz heic ico jar jpeg jpg m4a m4v mkv mov mp3 mp4 ogg ogv opus pdf png pptx tgz wasm webm webp woff woff2 xlsx xz zip zst".split(
    " ",
  ),
);

/**
 * Distributes files over archives so that one changed file changes one small archive. Nothing but the files themselves
 * decides it: not the version before, not their order, not the folders they are in.
 *
 * Files of about the same size, compressed formats apart from all others, form a binary tree by the hash of their names
 * (without folders, so that renaming a folder moves no file) and, where names are the same, by their digests. Archives
 * are the leaves of these trees: the leaf whose splitting helps most is split, until all are small or there are enough.
 * A file that comes or goes changes its own leaf, and rarely decides which leaf is split last.
 *
 * docs/decisions/0010-archives-by-name-and-size.md compares this with other ways.
 */
export function distribute(files: readonly FileContent[]): readonly Shard[] {
  const roots = rootsOf(distinct(files));
  const text = roots.filter(({ isText }) => isText);
  const others = splitUp(
    roots.filter(({ isText }) => !isText),
    mostShards - Math.min(textShards, splitUp(text, textShards).length),
  );
  return [...splitUp(text, mostShards - others.length), ...others].map(({ files, bytes, isText }) => ({
    files: files.map(({ file }) => file),
    isCompressed: isText && bytes <= largestCompressed,
  }));
}

/** Splits the heaviest leaf until there are `most`, or all are small. */
function splitUp(roots: readonly Leaf[], most: number): readonly Leaf[] {
  const leaves = roots.map((leaf) => ({ leaf, weight: weightOf(leaf) }));
  while (leaves.length < most) {
    let heaviest = 0;
    for (const [index, { weight }] of leaves.entries())
      if (weight > (leaves[heaviest]?.weight ?? 0)) heaviest = index;
    const found = leaves[heaviest];
    if (found === undefined || found.weight === 0) break;
    leaves.splice(heaviest, 1, ...split(found.leaf).map((leaf) => ({ leaf, weight: weightOf(leaf) })));
  }
  return leaves.map(({ leaf }) => leaf);
}

interface Placed {
  readonly file: FileContent;
  /** 32 bits each: which way it goes at the first 32 forks of the tree, and at the following. */
  readonly path: readonly [name: number, content: number];
}

interface Leaf {
  readonly files: readonly Placed[];
  /** Before compression. */
  readonly bytes: number;
  readonly isText: boolean;
  /** Forks above it. */
  readonly depth: number;
}

/**
 * What splitting it is worth; 0 where it is small or cannot be split. Splitting b bytes saves an edit half of them, and
 * each of n files profits. For text, of which most edits are to be small, sizes count for less than numbers.
 */
function weightOf(leaf: Leaf): number {
  if (leaf.files.length < 2 || leaf.depth === 64) return 0;
  const sent = leaf.bytes * (leaf.isText ? textRatio : 1);
  return sent <= smallShard ? 0 : leaf.files.length * sent ** (leaf.isText ? 0.5 : 1);
}

function split(leaf: Leaf): readonly Leaf[] {
  const depth = leaf.depth + 1;
  const goesRight = ({ path: [name, content] }: Placed) =>
    ((leaf.depth < 32 ? name : content) >>> (31 - (leaf.depth % 32))) % 2 === 1;
  const sides = [leaf.files.filter((file) => !goesRight(file)), leaf.files.filter(goesRight)];
  return sides.flatMap((files) => (files.length === 0 ? [] : { ...leaf, ...leafOf(files), depth }));
}

function leafOf(files: readonly Placed[]): Pick<Leaf, "files" | "bytes"> {
  return { files, bytes: files.reduce((sum, { file }) => sum + file.content.size, 0) };
}

/** A tree for each kind and size. */
function rootsOf(files: readonly FileContent[]): Leaf[] {
  const classes = new Map<string, { isText: boolean; files: Placed[] }>();
  for (const file of files) {
    const name = nameOf(file);
    const isText = !compressedFormats.has(name.slice(name.lastIndexOf(".") + 1).toLowerCase());
    const magnitude = Math.floor(Math.log2(file.content.size) / 2);
    const key = `${isText} ${magnitude}`;
    const own = classes.get(key) ?? { isText, files: [] };
    classes.set(key, own);
    const path = [bitsOf(hash("sha256", name)), bitsOf(file.content.digest.slice("sha256:".length))] as const;
    own.files.push({ file, path });
  }
  const sorted = [...classes].sort(([left], [right]) => (left < right ? -1 : 1));
  return sorted.map(([, { isText, files }]) => ({ ...leafOf(files), isText, depth: 0 }));
}

/** Each content once, under the first of its names. */
function distinct(files: readonly FileContent[]): readonly FileContent[] {
  const byDigest = new Map<string, FileContent>();
  for (const file of files) {
    const other = byDigest.get(file.content.digest);
    if (other === undefined || nameOf(file) < nameOf(other)) byDigest.set(file.content.digest, file);
  }
  return [...byDigest.values()];
}

function nameOf({ key }: FileContent): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

function bitsOf(hex: string): number {
  return Number.parseInt(hex.slice(0, 8), 16);
}
