import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { skippedUnless } from "@spin-publisher/sandbox/testing";
import { commitEpoch } from "../src/commit-time.ts";
import type { GitHubEvent } from "../src/event.ts";

const testAsRoot = skippedUnless(
  process.getuid?.() === 0 ? undefined : "only root can give files away",
  test,
  test.skip,
);

const epoch = 1_760_000_000;
let folder: string;
let sha: string;

/** A repository in `path` with one commit, and its name. */
function repository(path: string): string {
  mkdirSync(path, { recursive: true });
  const date = `${epoch} +0200`;
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", path, "-c", "user.name=Ada", "-c", "user.email=a@b.c", ...args], {
      encoding: "utf8",
      env: { ...process.env, GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: "1700000000 +0000" },
    });
  git("init", "--quiet", "--initial-branch=main");
  writeFileSync(join(path, "spin.toml"), "");
  git("add", ".");
  git("commit", "--quiet", "--message", "One\n\ncommitter Eve <e@e.e> 1 +0000");
  return git("rev-parse", "HEAD").trim();
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "commit-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
let workspace: string;
beforeEach(() => {
  count += 1;
  workspace = join(folder, String(count));
});

const event = (overrides: Partial<GitHubEvent> = {}): GitHubEvent => ({
  name: "workflow_dispatch",
  pushed: { kind: "branch", name: "main" },
  sha,
  repository: { owner: "o", name: "site" },
  serverUrl: "https://github.com",
  actor: "ada",
  payloadEpoch: undefined,
  runId: undefined,
  ...overrides,
});

describe("the time of a commit", () => {
  test("is the committer's, from the checkout", async () => {
    sha = repository(workspace);
    expect(await commitEpoch(event(), ".", workspace)).toBe(epoch);
    expect(await commitEpoch(event(), "spin.toml", workspace)).toBe(epoch);
    expect(await commitEpoch(event(), "not/there.toml", workspace)).toBe(epoch);
  });

  test.each(["site/spin.toml", "site", "."])("is found in a checkout under path: with %s", async (path) => {
    sha = repository(join(workspace, "site"));
    mkdirSync(join(workspace, "other"));
    expect(await commitEpoch(event(), path, workspace)).toBe(epoch);
  });

  testAsRoot("is read from a checkout that another user owns", async () => {
    sha = repository(workspace);
    chownSync(workspace, 12345, 12345);
    chownSync(join(workspace, ".git"), 12345, 12345);
    const plain = () => execFileSync("git", ["-C", workspace, "log", "-1"], { stdio: "pipe" });
    expect(plain).toThrow("dubious ownership");
    expect(await commitEpoch(event(), ".", workspace)).toBe(epoch);
  });

  test("is read without starting a program that the repository's configuration names", async () => {
    sha = repository(workspace);
    const started = join(workspace, "started");
    const program = `touch ${started}; false`;
    const config = [
      "[core]\nrepositoryformatversion = 1",
      ...["fsmonitor", "pager", "sshCommand", "alternateRefsCommand"].map((key) => `${key} = "${program}"`),
      '[extensions]\npartialClone = origin\n[remote "origin"]\nurl = ssh://localhost/site\npromisor = true',
    ];
    appendFileSync(join(workspace, ".git", "config"), `${config.join("\n")}\n`);
    expect(await commitEpoch(event(), ".", workspace)).toBe(epoch);
    const missing = commitEpoch(event({ sha: "f".repeat(40) }), ".", workspace);
    await expect(missing).rejects.toThrow(`git says: fatal: git cat-file ${"f".repeat(40)}: bad file.`);
    expect(existsSync(started)).toBe(false);
  });

  test("comes from the event where no checkout has the commit", async () => {
    repository(workspace);
    const payloadEpoch = 1_750_000_000;
    expect(await commitEpoch(event({ sha: "f".repeat(40), payloadEpoch }), ".", workspace)).toBe(
      payloadEpoch,
    );
  });

  test.each([
    ["has no checkout", () => mkdirSync(workspace), "git says: fatal: not a git repository"],
    [
      "lacks the commit",
      () => repository(workspace),
      `git says: fatal: git cat-file ${"f".repeat(40)}: bad file`,
    ],
  ])("is an error with git's reason where the workspace %s", async (_what, make, reason) => {
    make();
    const asked = commitEpoch(event({ sha: "f".repeat(40) }), ".", workspace);
    await expect(asked).rejects.toThrow(`In "${workspace}" ${reason}`);
    await expect(asked).rejects.toThrow('Add actions/checkout before this step, or set the input "tag".');
  });

  test("is an error that says so where git is not installed", async () => {
    mkdirSync(workspace);
    const missing = Object.assign(new Error("spawn git ENOENT"), { code: "ENOENT" });
    const asked = commitEpoch(event(), ".", workspace, () => Promise.reject(missing));
    await expect(asked).rejects.toThrow("git cannot be run: it is not installed");
  });
});
