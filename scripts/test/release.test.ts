import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { release, releaseTags } from "../release.ts";
import { withVersion } from "../version.ts";

let folder: string;
let root: string;
let remote: string;
const gitIn = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], {
    cwd,
    encoding: "utf8",
    stdio: "pipe",
  }).trim();
const git = (...args: string[]) => gitIn(root, ...args);

/** A checkout whose first commit is pushed to a bare repository. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "release-test-"));
  root = join(folder, "checkout");
  remote = join(folder, "remote.git");
  gitIn(folder, "init", "--quiet", "--bare", "--initial-branch=main", remote);
  gitIn(folder, "init", "--quiet", "--initial-branch=main", root);
  git("remote", "add", "origin", remote);
  for (const path of ["site", "charts/bart"]) mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, "site/spin.toml"), '[application]\nversion = "0.1.0"\n');
  writeFileSync(join(root, "charts/bart/Chart.yaml"), 'name: bart\nversion: 1.0.0\nappVersion: "0.1.0"\n');
  commitAndPush("First");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function commitAndPush(message: string): void {
  git("add", ".");
  git("commit", "--quiet", "--allow-empty", "-m", message);
  git("push", "--quiet", "origin", "HEAD:main");
}

function setVersion(place: "site" | "chart", version: string): void {
  const edit = (file: string, which: "site" | "app" | "chart") =>
    writeFileSync(join(root, file), withVersion(readFileSync(join(root, file), "utf8"), which, version));
  if (place === "chart") edit("charts/bart/Chart.yaml", "chart");
  else {
    edit("site/spin.toml", "site");
    edit("charts/bart/Chart.yaml", "app");
  }
}

function releasing(): readonly string[] {
  const lines: string[] = [];
  release({ root, tell: (line) => lines.push(line) });
  return lines;
}

/** The remote's tags with their commits. */
const tags = () =>
  Object.fromEntries(
    gitIn(remote, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(" ")),
  );
const head = () => git("rev-parse", "HEAD");

/** Has the remote refuse every push of a tag that matches. */
function refuse(pattern: string): () => void {
  const hook = join(remote, "hooks", "update");
  writeFileSync(hook, `#!/bin/sh\ncase "$1" in ${pattern}) echo "tag rule" >&2; exit 1;; esac\n`, {
    mode: 0o755,
  });
  return () => rmSync(hook);
}

describe("the tags of a release", () => {
  test("are the site's, then that of the chart that installs it", () => {
    expect(releaseTags({ site: "0.1.2", chart: "1.0.3", app: "0.1.2" }).map(({ tag }) => tag)).toEqual([
      "0.1.2",
      "chart-1.0.3",
    ]);
  });

  test("are refused while the chart installs another site", () => {
    expect(() => releaseTags({ site: "0.1.2", chart: "1.0.3", app: "0.1.1" })).toThrow(
      "make version-set TAG=0.1.2",
    );
  });
});

describe("a release", () => {
  test("pushes both tags at the commit that is checked out", () => {
    expect(releasing()).toEqual(["pushed 0.1.0", "pushed chart-1.0.0"]);
    expect(tags()).toEqual({ "0.1.0": head(), "chart-1.0.0": head() });
    expect(git("tag", "--points-at", "HEAD").split("\n")).toEqual(["0.1.0", "chart-1.0.0"]);
  });

  test("that ran already changes nothing and says so", () => {
    releasing();
    expect(releasing()).toEqual(["0.1.0 is already on origin", "chart-1.0.0 is already on origin"]);
  });

  test("of the site alone leaves the chart's tag where it is", () => {
    releasing();
    const first = head();
    setVersion("site", "0.2.0");
    commitAndPush("Release 0.2.0");
    expect(releasing()).toEqual([
      `chart-1.0.0 is already on origin, at ${first.slice(0, 8)}`,
      "  it installs 0.1.0; to release a chart that installs 0.2.0, run make chart-version-set SEMVER=…",
      "pushed 0.2.0",
    ]);
    expect(tags()).toEqual({ "0.1.0": first, "0.2.0": head(), "chart-1.0.0": first });
  });

  test("names what has changed since the tag that stays", () => {
    releasing();
    const first = head().slice(0, 8);
    writeFileSync(join(root, "site/page.md"), "new");
    setVersion("chart", "1.0.1");
    commitAndPush("A page, and chart 1.0.1");
    expect(releasing()).toEqual([
      `0.1.0 is already on origin, at ${first}`,
      "  site has changed since; to release it, run make version-set TAG=…",
      "pushed chart-1.0.1",
    ]);
  });

  test("of the chart alone leaves the site's tag where it is", () => {
    releasing();
    const first = head();
    setVersion("chart", "1.0.1");
    commitAndPush("Release chart 1.0.1");
    expect(releasing()).toEqual([
      `0.1.0 is already on origin, at ${first.slice(0, 8)}`,
      "pushed chart-1.0.1",
    ]);
  });

  test("ignores tags that exist only here", () => {
    git("tag", "0.1.0");
    git("tag", "-a", "-m", "local", "chart-1.0.0");
    commitAndPush("Second");
    expect(releasing()).toEqual(["pushed 0.1.0", "pushed chart-1.0.0"]);
    expect(tags()).toEqual({ "0.1.0": head(), "chart-1.0.0": head() });
    expect(git("rev-parse", "0.1.0", "chart-1.0.0").split("\n")).toEqual([head(), head()]);
  });

  test("finds what another clone released, annotated tags included", () => {
    const other = join(folder, "other");
    gitIn(folder, "clone", "--quiet", remote, other);
    gitIn(other, "tag", "-a", "-m", "Release", "0.1.0");
    gitIn(other, "push", "--quiet", "origin", "0.1.0");
    expect(releasing()).toEqual(["0.1.0 is already on origin", "pushed chart-1.0.0"]);
  });

  test("may be of an older commit of a branch that went on elsewhere", () => {
    const other = join(folder, "other");
    gitIn(folder, "clone", "--quiet", remote, other);
    gitIn(other, "commit", "--quiet", "--allow-empty", "-m", "Newer");
    gitIn(other, "push", "--quiet", "origin", "main");
    expect(releasing()).toEqual(["pushed 0.1.0", "pushed chart-1.0.0"]);
  });
});

describe("a release is refused, and nothing is pushed", () => {
  afterEach(() => expect(tags()).toEqual({}));

  test("with uncommitted changes", () => {
    writeFileSync(join(root, "new"), "");
    expect(releasing).toThrow("There are uncommitted changes.");
  });

  test("while the commit is in no branch of the remote", () => {
    git("commit", "--quiet", "--allow-empty", "-m", "Local");
    expect(releasing).toThrow(
      `No branch of origin contains ${head().slice(0, 8)}, the commit to release. Push the branch first: git push origin HEAD`,
    );
  });

  test("where the remote cannot be asked", () => {
    git("remote", "set-url", "origin", join(folder, "nowhere.git"));
    expect(releasing).toThrow(/^Cannot ask the remote "origin" which tags it has\.[\s\S]*nowhere\.git/);
  });

  testNeeding("shebang scripts")("where the remote refuses the site, and the chart is not tried", () => {
    refuse("refs/tags/0*");
    expect(releasing).toThrow(
      /^origin refused the tag 0\.1\.0; it and what follows it are not released[\s\S]*tag rule/,
    );
    expect(git("tag", "--list")).toBe("");
  });
});

testNeeding("shebang scripts")("a release that failed half way is finished by the next run", () => {
  const allow = refuse("refs/tags/chart-*");
  expect(releasing).toThrow("origin refused the tag chart-1.0.0");
  expect(Object.keys(tags())).toEqual(["0.1.0"]);
  allow();
  expect(releasing()).toEqual(["0.1.0 is already on origin", "pushed chart-1.0.0"]);
});

test("versions that were both released from other commits need a new one", () => {
  releasing();
  commitAndPush("Second");
  expect(releasing).toThrow(
    "Both versions are already released. Set a new one with make version-set TAG=… or make chart-version-set SEMVER=….",
  );
});
