import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { commandFor, moveTags } from "../move-tags.ts";

let folder: string;
let url: string;
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: "pipe",
  }).trim();
const commit = (tag: string, ...annotate: string[]) => {
  git("commit", "--quiet", "--allow-empty", "-m", tag);
  git("tag", ...annotate, tag);
  git("push", "--quiet", url, "HEAD:main", tag);
  return git("rev-parse", "HEAD");
};
const tagAt = (name: string) =>
  execFileSync("git", ["--git-dir", url, "rev-parse", "--verify", "--quiet", `refs/tags/${name}`], {
    encoding: "utf8",
  }).trim();
const move = (tag: string) => moveTags({ root: folder, tag, url, env: process.env });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "move-tags-test-"));
  url = join(folder, "remote.git");
  git("init", "--quiet");
  git("init", "--quiet", "--bare", url);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("v1 and v1.2 follow the release, from the first one on", () => {
  const first = commit("v1.2.0");
  expect(move("v1.2.0")).toEqual({ kind: "moved", tags: ["v1", "v1.2"] });
  expect([tagAt("v1"), tagAt("v1.2")]).toEqual([first, first]);
  const second = commit("v1.2.1");
  expect(move("v1.2.1")).toEqual({ kind: "moved", tags: ["v1", "v1.2"] });
  expect([tagAt("v1"), tagAt("v1.2"), tagAt("v1.2.0")]).toEqual([second, second, first]);
});

test("running a release again moves nothing", () => {
  commit("v1.0.0");
  move("v1.0.0");
  expect(move("v1.0.0")).toEqual({ kind: "unchanged", tags: [] });
});

test("a fix of an older line moves its own tag and not v1", () => {
  const newest = commit("v1.3.0");
  move("v1.3.0");
  const fix = commit("v1.2.9");
  expect(move("v1.2.9")).toEqual({ kind: "moved", tags: ["v1.2"] });
  expect([tagAt("v1"), tagAt("v1.2")]).toEqual([newest, fix]);
});

test("a pre-release moves nothing", () => {
  commit("v2.0.0-rc.1");
  expect(move("v2.0.0-rc.1")).toEqual({ kind: "unchanged", tags: [] });
});

test("an annotated tag is followed to its commit", () => {
  const annotated = commit("v1.0.0", "--annotate", "-m", "First");
  move("v1.0.0");
  expect(tagAt("v1")).toBe(annotated);
});

testNeeding("shebang scripts")(
  "a refusal names the reason and leaves the command for somebody who may",
  () => {
    commit("v1.0.0");
    const hook = join(url, "hooks", "pre-receive");
    writeFileSync(
      hook,
      "#!/bin/sh\necho 'refusing to allow a GitHub App to create or update workflow' >&2\nexit 1\n",
    );
    chmodSync(hook, 0o755);
    expect(move("v1.0.0")).toEqual({
      kind: "refused",
      tags: ["v1", "v1.0"],
      reason: "remote: refusing to allow a GitHub App to create or update workflow",
    });
    rmSync(hook);
    // The command does what the job could not.
    git("remote", "add", "origin", url);
    execFileSync("sh", ["-c", commandFor("v1.0.0", ["v1", "v1.0"])], { cwd: folder, stdio: "pipe" });
    expect(tagAt("v1")).toBe(tagAt("v1.0.0"));
  },
);

testNeeding("shebang scripts")("a remote that is lost before the push is an error, not a refusal", () => {
  commit("v1.0.0");
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const lost = "fatal: unable to access 'https://github.com/octo/site/': Could not resolve host: github.com";
  writeFileSync(
    join(bin, "git"),
    `#!/bin/sh\n[ "$1" = push ] || exec '${real}' "$@"\necho "${lost}" >&2\nexit 128\n`,
  );
  chmodSync(join(bin, "git"), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  expect(() => moveTags({ root: folder, tag: "v1.0.0", url, env })).toThrow("Could not resolve host");
});

test.each([
  ["chart-1.0.0", "is not a release of the actions"],
  ["v9.9.9", "has no tag v9.9.9"],
])("%s is refused", (tag, message) => {
  commit("v1.0.0");
  expect(() => move(tag)).toThrow(message);
});
