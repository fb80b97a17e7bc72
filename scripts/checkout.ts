// What `make` publishes: the commit that is checked out, with uncommitted changes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, lstat, mkdir, readFile, readlink, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface Commit {
  readonly sha: string;
  /** ISO 8601 with the committer's offset. */
  readonly timestamp: string;
  readonly message: string;
}

function git(root: string, ...args: string[]): string {
  return execFileSync("git", args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

export function headCommit(root: string): Commit {
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

/**
 * Identifies uncommitted changes: `-dirty.` and eight hexadecimal digits, or empty where there are none. It depends only
 * on the content of the changed files, so that undoing a change restores the old suffix.
 */
export async function dirtySuffix(root: string): Promise<string> {
  const entries = git(root, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all").split(
    "\0",
  );
  const paths = entries.filter((entry) => entry !== "").map((entry) => entry.slice(3));
  if (paths.length === 0) return "";
  const hash = createHash("sha256");
  for (const path of paths.sort()) hash.update(`${path}\0${await contentOf(join(root, path))}\n`);
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
