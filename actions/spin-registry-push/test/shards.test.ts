import { hash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { FileContent } from "../src/layers/layer-source.ts";
import { distribute } from "../src/layers/shards.ts";

const KiB = 1024;
/** What gzip makes of text, of page and neighbours alike. */
const textRatio = 0.4;

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function fileOf(key: string, size: number, version = 0): FileContent {
  const digest = `sha256:${hash("sha256", `${key} ${size} ${version}`)}` as const;
  return { key, content: { digest, size, source: { kind: "file", path: key } } };
}

const isImage = ({ key }: FileContent) => key.endsWith(".png");

/** A third images (median 100 KB), the rest pages (nine of ten have 0.5 to 18 KB); sizes log-normal. */
function siteOf(count: number): readonly FileContent[] {
  const random = randomNumbers(1);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const size = (median: number, spread: number) =>
    Math.max(129, Math.round(median * Math.exp(spread * normal())));
  return Array.from({ length: count }, (_, index) => {
    const folder = `content/${Math.floor(random() * Math.sqrt(count))}`;
    return index % 3 === 0
      ? fileOf(`${folder}/image-${index}.png`, size(100_000, 1.2))
      : fileOf(`${folder}/page-${index}.md`, size(3_000, 0.9));
  });
}

/** Bytes that a file takes in an archive. */
const sent = (file: FileContent) => file.content.size * (isImage(file) ? 1 : textRatio);

/** What is sent for each archive, by its contents. */
function archives(files: readonly FileContent[]): ReadonlyMap<string, number> {
  return new Map(
    distribute(files).map((shard) => [
      shard.files
        .map(({ content }) => content.digest)
        .sort()
        .join(),
      shard.files.reduce((sum, file) => sum + sent(file), 0),
    ]),
  );
}

/** Of archives that are new, in bytes. */
function cost(files: readonly FileContent[], before: ReadonlyMap<string, number>): number {
  return [...archives(files)].reduce((sum, [id, bytes]) => sum + (before.has(id) ? 0 : bytes), 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}

/** What some of the pages cost beyond themselves when they are edited (200 bytes longer), added and removed. */
function costsOf(site: readonly FileContent[]) {
  const before = archives(site);
  const pages = site.filter((file) => !isImage(file));
  const step = Math.ceil(pages.length / (site.length > 10_000 ? 11 : 60));
  const sample = pages.filter((_, index) => index % step === 0);
  return {
    archives: before.size,
    edited: median(
      sample.map((page) => {
        const edited = fileOf(page.key, page.content.size + 200, 1);
        return (
          cost(
            site.map((file) => (file === page ? edited : file)),
            before,
          ) - edited.content.size
        );
      }),
    ),
    added: median(
      sample.map(({ content: { size } }, index) => {
        const added = fileOf(`content/0/new-${index}.md`, size);
        return cost([...site, added], before) - size;
      }),
    ),
    removed: median(
      sample.map((page) =>
        cost(
          site.filter((file) => file !== page),
          before,
        ),
      ),
    ),
  };
}

describe("the archives of a site", () => {
  test.each([
    [400, 64],
    [5_000, 64],
    [50_000, 768],
  ])(
    "of %d files: at most 112, and an edited page sends at most %d KiB of its neighbours, an added or removed one twice that",
    (count, most) => {
      const costs = costsOf(siteOf(count));
      expect(costs.archives).toBeLessThanOrEqual(112);
      expect(costs.edited).toBeLessThanOrEqual(most * KiB);
      expect(costs.added).toBeLessThanOrEqual(2 * most * KiB);
      expect(costs.removed).toBeLessThanOrEqual(2 * most * KiB);
    },
    120_000,
  );

  test("cannot be smaller than 64 KiB for most files of 50,000, however they are distributed over 128 layers", () => {
    const smallestHalf = siteOf(50_000)
      .map(sent)
      .sort((left, right) => left - right)
      .slice(0, 25_000);
    expect(smallestHalf.reduce((sum, bytes) => sum + bytes, 0) / 128).toBeGreaterThan(2 * 64 * KiB);
  });

  test("stay the same when a folder is renamed, pages of the same name in different folders included", () => {
    const site = [
      ...siteOf(2_000),
      ...siteOf(2_000).map(({ key }, index) => fileOf(`${key}/index.html`, 2_000 + index)),
    ];
    const renamed = site.map(({ key, content }) => ({
      key: key.replace(/^content\/\d/, "archive/$&"),
      content,
    }));
    expect(cost(renamed, archives(site))).toBe(0);
  });

  test("hold each content once, whatever the order of the files", () => {
    const site = siteOf(1_000);
    const copies = site
      .slice(0, 200)
      .map(({ key, content }) => ({ key: `copies/copy-${key.length}.md`, content }));
    const all = distribute([...copies, ...site]).flatMap(({ files }) =>
      files.map(({ content }) => content.digest),
    );
    expect(all.toSorted()).toEqual(site.map(({ content }) => content.digest).sort());
    expect([...archives([...site.toReversed(), ...copies]).keys()].sort()).toEqual(
      [...archives([...copies, ...site]).keys()].sort(),
    );
  });

  test("keep compressed formats apart from text", () => {
    for (const { files, isCompressed } of distribute(siteOf(2_000)))
      expect(files.map(isImage)).toEqual(files.map(() => !isCompressed));
  });
});
