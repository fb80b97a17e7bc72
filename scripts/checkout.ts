// What `make` publishes: the commit that is checked out, with uncommitted changes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cp, lstat, mkdir, readFile, readlink, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "@spin-publisher/errors";

export interface Commit {
  readonly sha: string;
  /** ISO 8601 with the committer's offset. */
  readonly timestamp: string;
  readonly message: string;
}

/** Whether the folder is a clone rather than, for example, an unpacked ZIP archive. */
export function isRepository(root: string): boolean {
  return existsSync(join(root, ".git")); // a file in a worktree
}

/** @throws Error when Git is not installed or the command fails. */
function git(root: string, ...args: string[]): string {
  return runGit(root, isRepository(root) ? {} : substituteRepository(root), args);
}

function runGit(cwd: string, variables: NodeJS.ProcessEnv, args: readonly string[]): string {
  try {
    return execFileSync("git", args, {
      cwd,
      env: { ...process.env, ...variables },
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") throw new Error("Git is not installed, or not on PATH.", { cause });
    throw cause;
  }
}

/**
 * Where there is no repository, an empty one in .sandbox answers which files are ignored. It also hides a repository
 * that the folder happens to lie in, such as that of a home folder.
 */
function substituteRepository(root: string): NodeJS.ProcessEnv {
  const variables = { GIT_DIR: join(root, ".sandbox", "git"), GIT_WORK_TREE: root };
  if (!existsSync(variables.GIT_DIR)) {
    mkdirSync(join(variables.GIT_DIR, "info"), { recursive: true });
    writeFileSync(join(variables.GIT_DIR, "info", "exclude"), ".sandbox/\n");
    runGit(root, variables, ["init", "--quiet", "--template="]);
  }
  return variables;
}

/** Commits all files to the substitute repository; the same files are the same commit. */
function commitEverything(root: string): void {
  const identity = { name: "local", email: "local@localhost", date: "2024-01-01T00:00:00Z" };
  const variables = {
    ...substituteRepository(root),
    ...{ GIT_AUTHOR_NAME: identity.name, GIT_COMMITTER_NAME: identity.name },
    ...{ GIT_AUTHOR_EMAIL: identity.email, GIT_COMMITTER_EMAIL: identity.email },
    ...{ GIT_AUTHOR_DATE: identity.date, GIT_COMMITTER_DATE: identity.date },
  };
  const run = (...args: readonly string[]) => runGit(root, variables, args).trim();
  run("add", "--all");
  run("update-ref", "HEAD", run("commit-tree", run("write-tree"), "-m", "Files without a Git history"));
}

/** The commit that is checked out; where there is no repository, one made of all files. */
export function headCommit(root: string): Commit {
  if (!isRepository(root)) commitEverything(root);
  const [sha = "", timestamp = "", message = ""] = git(root, "log", "-1", "--format=%H%x00%cI%x00%B").split(
    "\0",
  );
  return { sha, timestamp, message: message.trim() };
}

/**
 * `owner/name` of the checkout: GITHUB_REPOSITORY, else the name of `origin` on GitHub, else a local name.
 */
export function repositoryOf(root: string, env: NodeJS.ProcessEnv = process.env): string {
  if (env.GITHUB_REPOSITORY !== undefined && env.GITHUB_REPOSITORY !== "") return env.GITHUB_REPOSITORY;
  let url = "";
  try {
    url = git(root, "remote", "get-url", "origin");
  } catch {
    // A checkout without origin gets the local name.
  }
  const [, repository] =
    /^(?:https:\/\/|ssh:\/\/git@|git@)github\.com[/:]([^/\s]+\/[^/\s]+?)(?:\.git)?\s*$/.exec(url) ?? [];
  return repository ?? "local/spin-publisher";
}

/** Existing paths that Git tracks or would track. */
export function checkoutPaths(root: string): readonly string[] {
  const listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0");
  return [...new Set(listed)].filter((path) => path !== "" && existsSync(join(root, path))).sort();
}

/** Paths with uncommitted changes; none where there is no repository to compare with. */
export function changedPaths(root: string): readonly string[] {
  if (!isRepository(root)) return [];
  const options = ["--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"];
  const entries = git(root, "status", ...options).split("\0");
  return entries
    .filter((entry) => entry !== "")
    .map((entry) => entry.slice(3))
    .sort();
}

/**
 * Identifies uncommitted changes: `-dirty.` and eight hexadecimal digits, or empty where there are none. It depends only
 * on the content of the changed files, so that undoing a change restores the old suffix.
 */
export async function dirtySuffix(root: string, paths = changedPaths(root)): Promise<string> {
  if (paths.length === 0) return "";
  const hash = createHash("sha256");
  for (const path of paths) hash.update(`${path}\0${await contentOf(join(root, path))}\n`);
  return `-dirty.${semverIdentifier(hash.digest("hex"))}`;
}

/** The first eight digits that are valid in a version: SemVer forbids numbers with a leading zero. */
export function semverIdentifier(hex: string): string {
  for (let start = 0; start + 8 <= hex.length; start += 1) {
    const identifier = hex.slice(start, start + 8);
    if (!/^0\d+$/.test(identifier)) return identifier;
  }
  return "0";
}

async function contentOf(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return "deleted";
  if (found.isSymbolicLink()) return `link ${await readlink(path)}`;
  const executable = (found.mode & 0o111) === 0 ? "file" : "executable";
  return `${executable} ${createHash("sha256")
    .update(await readFile(path))
    .digest("hex")}`;
}

/** Replaces `target` with a copy of the checkout. */
export async function copyCheckout(root: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  for (const path of checkoutPaths(root)) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await cp(join(root, path), join(target, path), { verbatimSymlinks: true });
  }
}
