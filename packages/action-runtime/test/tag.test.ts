import { describe, expect, test } from "@jest/globals";
import { isTag } from "@spin-publisher/oci";
import fc from "fast-check";
import type { Pushed } from "../src/event.ts";
import { automaticTag, parseBuildTag, releaseVersion, requireTag, slugOf } from "../src/tag.ts";

const sha = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
const epoch = async () => 1_760_000_000;
const branch = (name: string): Pushed => ({ kind: "branch", name });
const tag = (name: string): Pushed => ({ kind: "tag", name });

describe("the automatic tag", () => {
  test.each<[Pushed, string]>([
    [tag("0.1.2"), "0.1.2"],
    [tag("0.1.2-rc.1"), "0.1.2-rc.1"],
    [branch("main"), "main-0a1b2c3d-1760000000"],
    [branch("feature/Über x"), "feature-uber-x-dde8be-0a1b2c3d-1760000000"],
    [{ kind: "pull-request", number: 7 }, "pr-7-0a1b2c3d"],
  ])("of %j is %s", async (pushed, expected) => {
    expect(await automaticTag(pushed, sha, epoch)).toBe(expected);
  });

  test("of a Git tag that is illegal in registries is an error with a suggestion", async () => {
    await expect(automaticTag(tag("0.1.2+build/5"), sha, epoch)).rejects.toThrow('use "0.1.2-build-5"');
  });

  test("does not exist for a ref that is neither tag, branch nor pull request", async () => {
    const pushed: Pushed = { kind: "other", ref: "refs/notes/x" };
    await expect(automaticTag(pushed, sha, epoch)).rejects.toThrow('Set the input "tag"');
  });

  test("needs the commit's time only where the tag contains it", async () => {
    const never = () => Promise.reject(new Error("asked"));
    await expect(automaticTag(tag("0.1.2"), sha, never)).resolves.toBe("0.1.2");
    await expect(automaticTag({ kind: "pull-request", number: 7 }, sha, never)).resolves.toBe(
      "pr-7-0a1b2c3d",
    );
  });

  test("is a legal tag for every branch name, and its time has ten digits for the policies that sort by it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }), async (name) => {
        const made = await automaticTag(branch(name), sha, epoch);
        expect(isTag(made)).toBe(true);
        expect(made).toMatch(/^[a-z0-9][a-z0-9-]{0,59}-0a1b2c3d-[0-9]{10}$/);
      }),
    );
  });

  test("of no other branch passes for a build of main", async () => {
    const policy = /^main-[0-9a-f]{8}-(?<epoch>[0-9]{10})$/;
    const names = fc.oneof(
      fc.constantFrom(
        "Main",
        "main ",
        "feature/main",
        "main/x",
        "main-abc",
        "main-0a1b2c3d-1688912399",
        "mäin",
        "-main",
      ),
      fc.string({ minLength: 1 }).filter((name) => name !== "main"),
    );
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        expect(await automaticTag(branch(name), sha, epoch)).not.toMatch(policy);
      }),
    );
  });
});

test.each([
  ["main-0a1b2c3d-1760000000", { slug: "main", shortSha: "0a1b2c3d", epoch: 1_760_000_000 }],
  ["release-2-0a1b2c3d-1760000000", { slug: "release-2", shortSha: "0a1b2c3d", epoch: 1_760_000_000 }],
  ["0.1.2", undefined],
  ["pr-7-0a1b2c3d", undefined],
])("the tag %s is of the build %j", (tag, build) => {
  expect(parseBuildTag(tag)).toEqual(build);
});

describe("a slug", () => {
  test("never passes for the tag of a build", () => {
    const names = fc.stringMatching(/^[a-z0-9-]{1,20}-[0-9a-f]{8}-[0-9]{10}$/);
    fc.assert(fc.property(fc.oneof(names, fc.string()), (name) => parseBuildTag(slugOf(name)) === undefined));
  });

  test.each(["main", "release-2", "a", "main-12345678", "pr-7"])("of %s is the name itself", (name) => {
    expect(slugOf(name)).toBe(name);
  });

  test.each([
    ...["Main", "a/b", "a_b", "-a", "a-", "latest", "日本", "x".repeat(61)],
    ...["main-12345678-1795609999", "pr-7-0a1b2c3d", "0", "12", "v1"],
  ])("of %s carries a hash", (name) => {
    expect(slugOf(name)).toMatch(/^[a-z0-9-]{1,53}-[0-9a-f]{6}$/);
  });

  test("differs for names that look alike", () => {
    const names = ["a/b", "a_b", "a.b", "A-b", "a-b", "ä-b", "a//b"];
    expect(new Set(names.map(slugOf)).size).toBe(names.length);
  });
});

test.each([
  ["0.1.2", "0.1.2"],
  ["v0.1.2", "0.1.2"],
  ["vv0.1.2", undefined],
  ["=0.1.2", undefined],
  ["v0.1.2-rc.1", undefined],
  ["0.1", undefined],
  ["0.1.2-rc.1", undefined],
  ["01.2.3", undefined],
])("%s releases %s", (name, version) => {
  expect(releaseVersion(name)).toBe(version);
});

test.each(["", ".a", "-a", "a b", "a+b", "a".repeat(129)])("%j is not accepted as a tag", (name) => {
  expect(() => requireTag(name)).toThrow("is not a valid registry tag");
});
