import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { gitEnvironment, mirrorAction } from "../mirror.ts";
import { mirrorReadme } from "../mirror-readme.ts";
import { parseTag, type Version } from "../moving-tags.ts";

const version = (tag: string): Version => {
  const parsed = parseTag(tag);
  if (parsed === undefined) throw new Error(tag);
  return parsed;
};

describe("an action's repository", () => {
  let folder: string;
  let root: string;
  let url: string;
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], {
      cwd,
      encoding: "utf8",
      stdio: "pipe",
    }).trim();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mirror-test-"));
    root = join(folder, "checkout");
    url = join(folder, "setup-spin.git");
    const action = join(root, "actions", "setup-spin");
    mkdirSync(join(action, "dist"), { recursive: true });
    mkdirSync(join(action, "src"));
    for (const [path, text] of Object.entries({
      "action.yml": "name: Setup Spin\n",
      "README.md":
        "# Setup Spin\n\n[Mirrors](../../docs/mirrors.md#a) [Interface](action.yml) `uses: OWNER/REPO/actions/setup-spin@v1`\n",
      "dist/index.js": "console.log(1);\n",
      "dist/package.json": "{}\n",
      "src/index.ts": "source\n",
    }))
      writeFileSync(join(action, path), text);
    writeFileSync(join(root, "LICENSE"), "CC0\n");
    git(root, "init", "--quiet", "--initial-branch=main");
    git(root, "add", ".");
    git(root, "commit", "--quiet", "-m", "Everything");
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", url);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const release = (tag: string) =>
    mirrorAction({
      root,
      action: "setup-spin",
      release: version(tag),
      url,
      source: "octo/site",
      env: process.env,
    });
  const change = (text: string) => {
    writeFileSync(join(root, "actions/setup-spin/dist/index.js"), text);
    git(root, "commit", "--quiet", "--all", "-m", text);
  };
  const refs = () =>
    Object.fromEntries(
      git(url, "for-each-ref", "--format=%(refname) %(objectname)")
        .split("\n")
        .map((line) => line.split(" ")),
    );

  test("has a README whose links lead somewhere", () => {
    release("v1.2.3");
    expect(git(url, "show", "main:README.md")).toBe(
      "# Setup Spin\n\n[Mirrors](https://github.com/octo/site/blob/v1.2.3/docs/mirrors.md#a) [Interface](action.yml) `uses: octo/setup-spin@v1`",
    );
  });

  test("contains what runs and what people read, and names its source", () => {
    expect(release("v1.0.0")).toBe("pushed");
    expect(git(url, "ls-tree", "-r", "--name-only", "v1").split("\n")).toEqual([
      "LICENSE",
      "README.md",
      "action.yml",
      "dist/index.js",
      "dist/package.json",
    ]);
    const source = `https://github.com/octo/site/tree/${git(root, "rev-parse", "HEAD")}/actions/setup-spin`;
    expect(git(url, "log", "-1", "--format=%B", "main")).toBe(`v1.0.0\n\nSource: ${source}`);
  });

  test("has the exact tag, the major tag and main at the newest release", () => {
    release("v1.0.0");
    change("console.log(2);\n");
    release("v1.1.0");
    const {
      "refs/heads/main": main,
      "refs/tags/v1": major,
      "refs/tags/v1.1.0": exact,
      "refs/tags/v1.0.0": first,
    } = refs();
    expect([main, major]).toEqual([exact, exact]);
    expect(git(url, "rev-parse", "main^")).toBe(first);
  });

  test("does not change when a release runs again, and gets what an interrupted release left out", () => {
    release("v1.0.0");
    const before = refs();
    expect(release("v1.0.0")).toBe("unchanged");
    git(url, "update-ref", "-d", "refs/tags/v1");
    expect(release("v1.0.0")).toBe("pushed");
    expect(refs()).toEqual(before);
  });

  test("never gets other content under an existing version", () => {
    release("v1.0.0");
    const before = refs();
    change("console.log(2);\n");
    expect(() => release("v1.0.0")).toThrow("has v1.0.0 with other content");
    expect(refs()).toEqual(before);
  });

  test("keeps main and the newer line when an older line gets a fix", () => {
    release("v1.0.0");
    change("console.log(2);\n");
    release("v2.0.0");
    const before = refs();
    change("console.log(1.1);\n");
    release("v1.0.1");
    const after = refs();
    expect(after["refs/heads/main"]).toBe(before["refs/heads/main"]);
    expect(after["refs/tags/v2"]).toBe(before["refs/tags/v2"]);
    expect(after["refs/tags/v1"]).toBe(after["refs/tags/v1.0.1"]);
    expect(git(url, "rev-parse", "v1.0.1^")).toBe(before["refs/tags/v1.0.0"]);
  });

  test("is not written to without a bundle", () => {
    rmSync(join(root, "actions/setup-spin/dist"), { recursive: true });
    expect(() => release("v1.0.0")).toThrow("run make dist");
    expect(git(url, "for-each-ref")).toBe("");
  });
});

test("the token is sent to one host, and is not an argument", () => {
  const env = gitEnvironment("https://github.com", "ghs_x", { PATH: "/bin" });
  expect(env).toMatchObject({ PATH: "/bin", GIT_CONFIG_KEY_0: "http.https://github.com/.extraHeader" });
  expect(Buffer.from((env.GIT_CONFIG_VALUE_0 ?? "").split(" ").at(-1) ?? "", "base64").toString()).toBe(
    "x-access-token:ghs_x",
  );
});

describe("the README of an action in its own repository", () => {
  const repository = join(import.meta.dirname, "../..");
  test.each(readdirSync(join(repository, "actions")))("%s: has no dead link", (action) => {
    const folder = join(repository, "actions", action);
    const has = (path: string) => /^(?:action\.yml|README\.md|LICENSE)$/.test(path);
    const readme = mirrorReadme(readFileSync(join(folder, "README.md"), "utf8"), {
      ...{ source: "octo/site", release: "v1.0.0", action, has },
    });
    const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const ours = targets.flatMap(
      (target) => /^https:\/\/github\.com\/octo\/site\/blob\/v1\.0\.0\/([^#]+)/.exec(target)?.[1] ?? [],
    );
    expect(targets.length).toBeGreaterThan(0);
    expect(ours.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
    expect(targets.filter((target) => !/^(?:https:|#)/.test(target) && !has(target))).toEqual([]);
    expect(readme).not.toContain("OWNER/REPO/actions");
    const uses = [...readme.matchAll(/uses: (\S+)/g)].map(([, used = ""]) => used);
    expect(uses.filter((used) => /^octo\/[\w-]+@v1$/.test(used)).length).toBeGreaterThan(0);
    expect(uses.filter((used) => used.startsWith("octo/") && !used.endsWith("@v1"))).toEqual([]);
  });

  test("has examples with the major version that is released", () => {
    const mirrored = (release: string) =>
      mirrorReadme("uses: OWNER/REPO/actions/setup-spin@v1\n", {
        ...{ source: "octo/site", release, action: "setup-spin", has: () => true },
      });
    expect(mirrored("v1.2.3")).toBe("uses: octo/setup-spin@v1\n");
    expect(mirrored("v2.0.1")).toBe("uses: octo/setup-spin@v2\n");
  });
});
