import { readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { errorCode, messageOf } from "@spin-publisher/errors";
import type { GitHubEvent } from "./event.ts";
import { workspaceFolder } from "./runner-folders.ts";

/** Runs git in a folder and resolves to what it printed; rejects when it fails. */
export type RunGit = (folder: string, args: readonly string[]) => Promise<string>;

/**
 * The time of the event's commit in seconds: from a checkout that has the commit, else from the event's payload. Never
 * from the clock: the tag of a commit must not depend on when it is published.
 *
 * @param path a file or folder of the checkout, where one is known; relative to the workspace.
 * @throws Error when neither has it (a `workflow_dispatch` without a checkout, for example), with git's own reason.
 */
export async function commitEpoch(
  event: GitHubEvent,
  path = ".",
  workspace: string = workspaceFolder(),
  git: RunGit = runGit,
): Promise<number> {
  const reasons = new Set<string>();
  for (const folder of checkoutsIn(workspace, path)) {
    try {
      return committerTime(await git(folder, readCommit(event.sha)));
    } catch (error) {
      reasons.add(`In "${folder}" ${reasonOf(error)}.`);
    }
  }
  if (event.payloadEpoch !== undefined) return event.payloadEpoch;
  throw new Error(
    `The tag of commit ${event.sha.slice(0, 8)} contains its time, but neither a checkout nor the event has it. ${[...reasons].join(" ")} Add actions/checkout before this step, or set the input "tag".`,
  );
}

/**
 * The folders to ask: that of `path`, the workspace, and checkouts made with `path:` right below it. A commit is
 * the same in each repository that has it.
 */
function checkoutsIn(workspace: string, path: string): ReadonlySet<string> {
  const start = resolve(workspace, path);
  const folder = isFolder(start) ? start : dirname(start);
  const below = isFolder(workspace) ? readdirSync(workspace).map((name) => join(workspace, name)) : [];
  const candidates = [...(isFolder(folder) ? [folder] : []), resolve(workspace)];
  return new Set([...candidates, ...below.filter((name) => exists(join(name, ".git")))]);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Reads the commit object itself. Git refuses repositories of another user, as in a job's container, because their
 * configuration can start programs; `cat-file` starts none, with the environment of `runGit`, so this one call trusts any
 * folder (respected from the command line since Git 2.38).
 */
function readCommit(sha: string): readonly string[] {
  return ["-c", "safe.directory=*", "--no-replace-objects", "cat-file", "commit", sha];
}

/** The committer's time, from a line such as `committer Ada <ada@example.com> 1760000000 +0200`. */
function committerTime(commit: string): number {
  const [, seconds] = /^committer .*> ([0-9]+) [+-][0-9]{4}$/m.exec(commit.split("\n\n", 1)[0] ?? "") ?? [];
  if (seconds === undefined) throw new Error("git printed a commit without a committer's time");
  return Number(seconds);
}

async function runGit(folder: string, args: readonly string[]): Promise<string> {
  // Loaded when used: together they take 10 ms of every start.
  const [{ execFile }, { promisify }] = await Promise.all([
    import("node:child_process"),
    import("node:util"),
  ]);
  // A partial clone would fetch a commit that it lacks, with programs that its configuration names. Git before 2.45 knows
  // only the second variable: no transport has that name, so none is allowed.
  const noFetch = { GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none" };
  const env = { ...process.env, LC_ALL: "C", ...noFetch };
  return (await promisify(execFile)("git", args, { cwd: folder, env })).stdout;
}

function reasonOf(error: unknown): string {
  if (errorCode(error) === "ENOENT") return "git cannot be run: it is not installed";
  const said = typeof error === "object" && error !== null && "stderr" in error ? error.stderr : undefined;
  const lines = (typeof said === "string" && said.trim() !== "" ? said : messageOf(error)).trim().split("\n");
  const line = lines.findLast((line) => line.startsWith("fatal:")) ?? lines[0] ?? "";
  return `git says: ${line.replace(/\.$/, "")}`;
}
