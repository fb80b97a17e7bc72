import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import {
  changedPaths,
  checkoutPaths,
  copyCheckout,
  dirtySuffix,
  headCommit,
  repositoryOf,
  semverIdentifier,
} from "../checkout.ts";
import { versionLines } from "../prepared-copy.ts";

let root: string;
const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: "pipe" });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "checkout-test-"));
  git("init", "--quiet", "--initial-branch=main");
  await mkdir(join(root, "site"));
  await writeFile(join(root, "site", "index.md"), "hello");
  await writeFile(join(root, ".gitignore"), "ignored/\n");
  await mkdir(join(root, "ignored"));
  await writeFile(join(root, "ignored", "secret"), "x");
  git("add", ".");
  const identity = ["-c", "user.name=Mona", "-c", "user.email=mona@example.com"];
  execFileSync("git", [...identity, "commit", "--quiet", "-m", "Say hello\n\nTwice.\n"], {
    cwd: root,
    env: { ...process.env, GIT_COMMITTER_DATE: "2026-11-20T10:15:30+01:00" },
  });
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("the commit is the one that is checked out", () => {
  expect(headCommit(root)).toEqual({
    sha: git("rev-parse", "HEAD").trim(),
    timestamp: "2026-11-20T10:15:30+01:00",
    message: "Say hello\n\nTwice.",
  });
});

describe("the repository is named", () => {
  test.each([
    ["https://github.com/Octo-Org/Site.git", "Octo-Org/Site"],
    ["https://github.com/octo/site", "octo/site"],
    ["git@github.com:octo/site.git", "octo/site"],
    ["ssh://git@github.com/octo/site.git", "octo/site"],
    ["https://gitlab.com/octo/site.git", "local/spin-publisher"],
    ["/srv/site", "local/spin-publisher"],
  ])("by the origin %s", (url, repository) => {
    git("remote", "add", "origin", url);
    expect(repositoryOf(root, {})).toBe(repository);
  });

  test("by the environment where it is set, and by a default without an origin", () => {
    expect(repositoryOf(root, { GITHUB_REPOSITORY: "a/b" })).toBe("a/b");
    expect(repositoryOf(root, {})).toBe("local/spin-publisher");
  });
});

describe("what is not committed", () => {
  test("is nothing at first, and nothing again when undone", async () => {
    expect(await dirtySuffix(root)).toBe("");
    await writeFile(join(root, "site", "index.md"), "changed");
    expect(await dirtySuffix(root)).toMatch(/^-dirty\.[0-9a-f]{8}$/);
    await writeFile(join(root, "site", "index.md"), "hello");
    expect(await dirtySuffix(root)).toBe("");
  });

  test("has the same identity for the same content, whatever else differs", async () => {
    await writeFile(join(root, "site", "new page.md"), "new");
    const first = await dirtySuffix(root);
    await writeFile(join(root, "site", "new page.md"), "new"); // touched
    git("add", ".");
    expect(await dirtySuffix(root)).toBe(first);
    await writeFile(join(root, "ignored", "secret"), "other");
    expect(await dirtySuffix(root)).toBe(first);
  });

  testNeeding("Unix permissions").each([
    ["another content", () => writeFile(join(root, "site", "index.md"), "other")],
    ["a deleted file", () => rm(join(root, "site", "index.md"))],
    ["a file made executable", () => chmod(join(root, "site", "index.md"), 0o755)],
    ["a link", () => symlink("index.md", join(root, "site", "link.md"))],
    ["a renamed file", async () => void git("mv", "site/index.md", "site/start.md")],
  ])("differs for %s", async (_name, change) => {
    await writeFile(join(root, "site", "index.md"), "changed");
    const before = await dirtySuffix(root);
    await change();
    expect(await dirtySuffix(root)).not.toBe(before);
  });

  test.each([
    ["01234567a9", "1234567a"],
    ["0123456789", "12345678"],
    ["abcdef01", "abcdef01"],
    ["0000000a0", "0000000a"],
    ["00000000", "0"],
  ])("of the hash %s, %s may stand in a version", (hash, identifier) => {
    expect(semverIdentifier(hash)).toBe(identifier);
  });
});

testNeeding("Unix permissions")(
  "a copy has what Git tracks or would track, and nothing from an earlier copy",
  async () => {
    await writeFile(join(root, "site", "new.md"), "new");
    await chmod(join(root, "site", "new.md"), 0o755);
    await symlink("index.md", join(root, "site", "link.md"));
    const target = join(root, "ignored", "copy");
    await mkdir(target);
    await writeFile(join(target, "old"), "old");
    await copyCheckout(root, target);
    expect((await readdir(target, { recursive: true })).sort()).toEqual([
      ".gitignore",
      "site",
      "site/index.md",
      "site/link.md",
      "site/new.md",
    ]);
    expect(await readFile(join(target, "site", "link.md"), "utf8")).toBe("hello");
    expect((await stat(join(target, "site", "new.md"))).mode & 0o111).not.toBe(0);
  },
);

describe("a folder without Git, such as an unpacked ZIP archive", () => {
  beforeEach(() => rm(join(root, ".git"), { recursive: true }));

  test("has the files that Git would track", () => {
    expect(checkoutPaths(root)).toEqual([".gitignore", "site/index.md"]);
  });

  test("counts as one commit that depends on its files only", async () => {
    const { sha, timestamp } = headCommit(root);
    expect([sha, timestamp]).toEqual([
      expect.stringMatching(/^[0-9a-f]{40}$/),
      expect.stringMatching(/^2024-01-01T00:00:00(?:Z|\+00:00)$/),
    ]);
    await writeFile(join(root, "site", "index.md"), "changed");
    expect(headCommit(root).sha).not.toBe(sha);
    await writeFile(join(root, "site", "index.md"), "hello");
    expect(headCommit(root).sha).toBe(sha);
  });

  test("has no changes, and no name but the local one", async () => {
    await writeFile(join(root, "site", "index.md"), "changed");
    expect(changedPaths(root)).toEqual([]);
    expect(await dirtySuffix(root)).toBe("");
    expect(repositoryOf(root, {})).toBe("local/spin-publisher");
  });

  test("is not part of a repository around it", async () => {
    const outer = join(root, "site");
    execFileSync("git", ["init", "--quiet"], { cwd: root });
    expect(checkoutPaths(outer)).toEqual(["index.md"]);
    expect(() => git("log", "-1")).toThrow(/does not have any commits/);
    expect(headCommit(outer).message).toBe("Files without a Git history");
  });
});

describe("the versions of a checkout are explained", () => {
  const committed = { site: "0.1.0", chart: "1.0.0" };
  const dirty = { site: "0.1.0-dirty.1a", chart: "1.0.0-dirty.1a", committed };

  test("with uncommitted changes, by the files and how to get rid of the suffix", () => {
    const paths = ["a", "b", "c", "d", "e", "f", "g"];
    expect(versionLines(dirty, paths, true)).toEqual([
      "Uncommitted changes: publishing 0.1.0-dirty.1a and chart-1.0.0-dirty.1a.",
      ...["  a", "  b", "  c", "  d", "  e", "  and 2 more"],
      "The suffix is a hash of the changed files, so that a tag never stands for two contents.",
      "Commit the changes to publish 0.1.0 and chart-1.0.0.",
    ]);
  });

  test("not where everything is committed", () => {
    expect(versionLines({ ...committed, committed }, [], true)).toEqual([]);
  });

  test("without Git, by how to have changes detected", () => {
    expect(versionLines({ ...committed, committed }, [], false)[1]).toContain("git init");
  });
});
