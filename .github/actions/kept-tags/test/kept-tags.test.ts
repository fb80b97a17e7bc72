import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { keptTags, patternOf, removable } from "../src/kept-tags.ts";
import { afterCleanup, type Version } from "./cleanup-model.ts";

const workflow = readFileSync(join(import.meta.dirname, "../../../workflows/retention.yaml"), "utf8");

test("the workflow passes the rule that is tested here, to both packages", () => {
  const rules = [...workflow.matchAll(/delete-tags: "(.*)"/g)].map(([, rule]) => rule);
  expect(rules).toEqual([removable, removable]);
});

describe("what stays by name", () => {
  const builds = ["main-aaaaaaaa-1700000003", "main-bbbbbbbb-1700000002", "main-cccccccc-1700000001"];

  test("is the newest builds of each branch, by the time of their commits", () => {
    const tags = [...builds, "fix-dddddddd-1600000000"];
    expect(keptTags(tags, 2, new Set())).toEqual([
      "fix-dddddddd-1600000000",
      "main-aaaaaaaa-1700000003",
      "main-bbbbbbbb-1700000002",
    ]);
  });

  test("is the previews of open pull requests", () => {
    expect(keptTags(["pr-7-aaaaaaaa", "pr-9-bbbbbbbb"], 2, new Set([9]))).toEqual(["pr-9-bbbbbbbb"]);
  });

  test.each(["0.1.2", "0.2.0-rc.1", "latest", "main", "nightly", `sha256-${"0".repeat(64)}`])(
    "is always %s",
    (tag) => {
      expect(new RegExp(patternOf([])).test(tag)).toBe(true);
      expect(new RegExp(removable).test(tag)).toBe(false);
    },
  );

  test("matches nothing else", () => {
    const pattern = new RegExp(patternOf(["main-aaaaaaaa-1700000003"]));
    expect(builds.map((tag) => pattern.test(tag))).toEqual([true, false, false]);
    expect(pattern.test("xmain-aaaaaaaa-1700000003")).toBe(false);
  });
});

/** One published commit, pull request or release: its shim and its content carry the same tag. */
interface Publication {
  readonly tag: string;
  readonly ageDays: number;
  /** Which content it runs; builds whose pages are the same share one. */
  readonly content: number;
  readonly signed: boolean;
  /** The content was published, and then the shim's step failed. */
  readonly shimFailed: boolean;
}

const hex = (number: number, length: number) => number.toString(16).padStart(length, "0");
const tagArbitrary = fc.oneof(
  fc
    .tuple(fc.constantFrom("main", "fix", "release-1"), fc.nat(0xffff), fc.integer({ min: 1, max: 400 }))
    .map(([slug, commit, age]) => ({
      tag: `${slug}-${hex(commit, 8)}-${1_800_000_000 - age * 86_400}`,
      age,
    })),
  fc.tuple(fc.nat(20), fc.nat(0xffff), fc.nat(90)).map(([number, commit, age]) => ({
    tag: `pr-${number}-${hex(commit, 8)}`,
    age,
  })),
  fc
    .tuple(fc.nat(3), fc.nat(9), fc.nat(400))
    .map(([minor, patch, age]) => ({ tag: `0.${minor}.${patch}`, age })),
);
const publications = fc.uniqueArray(
  fc
    .record({ tag: tagArbitrary, content: fc.nat(12), signed: fc.boolean(), shimFailed: fc.boolean() })
    .map(({ tag: { tag, age }, ...rest }): Publication => ({ tag, ageDays: age, ...rest })),
  { selector: ({ tag }) => tag, minLength: 1, maxLength: 60 },
);

const digest = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const signatureOf = (subject: string): Version => ({
  digest: digest(`signature of ${subject}`),
  tags: [subject.replace(":", "-")],
  children: [],
  subject: undefined,
  ageDays: 400,
});

/** The two packages after these publications; `latest` and the branch's own tag move with them. */
function packagesOf(history: readonly Publication[]) {
  const shims = history
    .filter(({ shimFailed }) => !shimFailed)
    .flatMap(({ tag, ageDays, signed }): readonly Version[] => {
      const children = ["amd64", "arm64"].map((platform) => digest(`${platform}${tag}`));
      const index = digest(`i${tag}`);
      return [
        { digest: index, tags: [tag], children, subject: undefined, ageDays },
        ...children.map((child) => ({ digest: child, tags: [], children: [], subject: undefined, ageDays })),
        ...(signed ? [signatureOf(index)] : []),
      ];
    });
  const byContent = Map.groupBy(history, ({ content }) => content);
  const contents = [...byContent].flatMap(([number, published]): readonly Version[] => {
    const name = digest(`c${number}`);
    const ageDays = Math.min(...published.map((publication) => publication.ageDays));
    return [
      { digest: name, tags: published.map(({ tag }) => tag), children: [], subject: undefined, ageDays },
      ...(published.some(({ signed }) => signed) ? [signatureOf(name)] : []),
    ];
  });
  return {
    shims,
    contents,
    contentOf: new Map(history.map(({ tag, content }) => [tag, digest(`c${content}`)])),
  };
}

test("no shim that stays loses its content, its platforms or its signature", () => {
  fc.assert(
    fc.property(
      publications,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 60 }),
      fc.uniqueArray(fc.nat(20)),
      (history, builds, days, open) => {
        const { shims, contents, contentOf } = packagesOf(history);
        const tags = shims.flatMap((version) => version.tags).filter((tag) => !tag.startsWith("sha256-"));
        const keep = keptTags(tags, builds, new Set(open));
        const rule = { deleteTags: new RegExp(removable), olderThanDays: days };
        const shimsLeft = afterCleanup(shims, { ...rule, excludeTags: new RegExp(patternOf(keep)) });
        const tagsLeft = shimsLeft.flatMap((version) => version.tags);
        const contentsLeft = afterCleanup(contents, {
          ...rule,
          excludeTags: new RegExp(patternOf(tagsLeft)),
        });
        const left = new Set([...shimsLeft, ...contentsLeft].map((version) => version.digest));
        for (const shim of shimsLeft.filter(({ children }) => children.length > 0)) {
          for (const tag of shim.tags) expect(left).toContain(contentOf.get(tag));
          for (const child of shim.children) expect(left).toContain(child);
        }
        // Whatever is kept by name is there, with every release.
        for (const tag of [...keep, ...tags.filter((name) => !new RegExp(removable).test(name))])
          expect(tagsLeft).toContain(tag);
        // A signature stays exactly as long as what it signs.
        for (const version of [...shims, ...contents])
          for (const tag of version.tags.filter((name) => name.startsWith("sha256-")))
            expect(left.has(version.digest)).toBe(left.has(tag.replace("-", ":")));
      },
    ),
    { numRuns: 500, seed: 20261125 },
  );
}, 60_000);

test("old builds and closed previews do go", () => {
  const old = (tag: string, content: number): Publication => ({
    ...{ tag, content, ageDays: 100, signed: true, shimFailed: false },
  });
  const { shims, contents } = packagesOf([
    old("main-aaaaaaaa-1700000001", 1),
    old("main-bbbbbbbb-1700000002", 2),
    old("pr-7-cccccccc", 3),
    old("0.1.2", 4),
  ]);
  const rule = { deleteTags: new RegExp(removable), olderThanDays: 30 };
  const keep = keptTags(
    shims.flatMap(({ tags }) => tags),
    1,
    new Set(),
  );
  const shimsLeft = afterCleanup(shims, { ...rule, excludeTags: new RegExp(patternOf(keep)) });
  const tagsLeft = shimsLeft.flatMap(({ tags }) => tags).filter((tag) => !tag.startsWith("sha256-"));
  expect(tagsLeft).toEqual(["main-bbbbbbbb-1700000002", "0.1.2"]);
  const contentsLeft = afterCleanup(contents, { ...rule, excludeTags: new RegExp(patternOf(tagsLeft)) });
  expect(contentsLeft.flatMap(({ tags }) => tags).filter((tag) => !tag.startsWith("sha256-"))).toEqual([
    "main-bbbbbbbb-1700000002",
    "0.1.2",
  ]);
});
