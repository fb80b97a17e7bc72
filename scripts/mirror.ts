// Releases the actions: pushes each of them, as it runs, to its own repository <owner>/<action>. The pushed tag, v1.2.3,
// becomes its exact tag; v1 and the branch main follow where it is the newest. Node and Git are all it needs: the
// workflow runs it without installing packages.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mirrorReadme } from "./mirror-readme.ts";
import { parseTag, planRefs, type Version } from "./moving-tags.ts";

/** The contents of an action's repository: what runs and what people read, but no sources and no workflows. */
const parts = ["action.yml", "README.md", "dist"];

export interface Mirroring {
  /** The checkout; its HEAD is what is released. */
  readonly root: string;
  readonly action: string;
  readonly release: Version;
  /** The action's repository: `https://github.com/owner/setup-spin`. */
  readonly url: string;
  /** `owner/name` of this repository. */
  readonly source: string;
  /** Environment of Git, with credentials for the repository. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Pushes one action to its repository, all references at once or none. Pushing the same release again changes nothing.
 *
 * @throws Error when the exact tag exists with other content; releases never change.
 */
export function mirrorAction({ root, action, release, url, source, env }: Mirroring): "pushed" | "unchanged" {
  const folder = mkdtempSync(join(tmpdir(), "mirror-"));
  try {
    const git = gitIn(folder, env);
    git("init", "--quiet", "--bare");
    const mirror = readMirror(git, url);
    const tree = stageTree(git, { root, action, release, source, env });
    const plan = planRefs(release, [...mirror.tags.keys()]);
    const released = mirror.tags.get(release.text);
    if (released !== undefined && git("rev-parse", `${released}^{tree}`) !== tree)
      throw new Error(`${url} has ${release.text} with other content; release it under a new version.`);
    const commit =
      released ??
      commitTree(
        git,
        { root, action, release, source, env },
        tree,
        plan.main ? mirror.main : mirror.tags.get(`v${release.numbers[0]}`),
      );
    const refs = [
      ...(released === undefined ? [`${commit}:refs/tags/${release.text}`] : []),
      ...plan.moving
        .filter((tag) => mirror.tags.get(tag) !== commit)
        .map((tag) => `+${commit}:refs/tags/${tag}`),
      ...(plan.main && mirror.main !== commit ? [`${commit}:refs/heads/main`] : []),
    ];
    if (refs.length === 0) return "unchanged";
    git("push", "--quiet", "--atomic", url, ...refs);
    return "pushed";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Git = (...args: string[]) => string;

function gitIn(cwd: string, env: NodeJS.ProcessEnv): Git {
  return (...args) =>
    execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** Fetches the branch and every tag of an action's repository; tags are followed to their commits. */
function readMirror(git: Git, url: string) {
  git(
    "fetch",
    "--quiet",
    "--no-tags",
    url,
    "+refs/heads/*:refs/mirror/heads/*",
    "+refs/tags/*:refs/mirror/tags/*",
  );
  const commits = new Map<string, string>();
  for (const ref of git("for-each-ref", "--format=%(refname)", "refs/mirror")
    .split("\n")
    .filter((line) => line !== ""))
    commits.set(ref.slice("refs/mirror/".length), git("rev-parse", `${ref}^{commit}`));
  const tags = [...commits].filter(([name]) => name.startsWith("tags/"));
  return {
    main: commits.get("heads/main"),
    tags: new Map(tags.map(([name, commit]) => [name.slice("tags/".length), commit])),
  };
}

/** Writes the action's files into the object store; the tree depends on them, the release and this repository's name. */
function stageTree(git: Git, { root, action, release, source, env }: Omit<Mirroring, "url">): string {
  const base = join(root, "actions", action);
  const files = new Map(
    parts.flatMap((part) => filesBelow(base, part)).map((path) => [path, join(base, path)] as const),
  );
  const readme = mirrorReadme(readFileSync(join(base, "README.md"), "utf8"), {
    ...{ source, release: release.text, action, has: (path) => files.has(path) },
  });
  const stage = (path: string, object: string) =>
    git("update-index", "--add", "--cacheinfo", `100644,${object},${path}`);
  for (const [path, file] of [...files, ["LICENSE", join(root, "LICENSE")] as const])
    if (path !== "README.md") stage(path, git("hash-object", "-w", "--no-filters", file));
  const folder = git("rev-parse", "--absolute-git-dir");
  stage("README.md", storeText(folder, env, readme));
  return git("write-tree");
}

function storeText(cwd: string, env: NodeJS.ProcessEnv, text: string): string {
  return execFileSync("git", ["hash-object", "-w", "--stdin"], {
    cwd,
    env,
    input: text,
    encoding: "utf8",
  }).trim();
}

function filesBelow(base: string, path: string): readonly string[] {
  if (!existsSync(join(base, path))) throw new Error(`${join(base, path)} is missing; run make dist.`);
  if (!statSync(join(base, path)).isDirectory()) return [path];
  return readdirSync(join(base, path)).flatMap((name) => filesBelow(base, `${path}/${name}`));
}

/** A commit that names its source commit and has its time, so that it is always the same. */
function commitTree(
  git: Git,
  { root, action, release, source, env }: Omit<Mirroring, "url">,
  tree: string,
  parent: string | undefined,
): string {
  const [sha = "", time = ""] = gitIn(root, env)("log", "-1", "--format=%H %cI").split(" ");
  const identity = { name: "spin-publisher", email: "spin-publisher@users.noreply.github.com" };
  const message = `${release.text}\n\nSource: https://github.com/${source}/tree/${sha}/actions/${action}`;
  const author = {
    GIT_AUTHOR_NAME: identity.name,
    GIT_AUTHOR_EMAIL: identity.email,
    GIT_AUTHOR_DATE: time,
    GIT_COMMITTER_NAME: identity.name,
    GIT_COMMITTER_EMAIL: identity.email,
    GIT_COMMITTER_DATE: time,
  };
  const folder = git("rev-parse", "--absolute-git-dir");
  return gitIn(folder, { ...env, ...author })(
    "commit-tree",
    tree,
    ...(parent === undefined ? [] : ["-p", parent]),
    "-m",
    message,
  );
}

/** Git's configuration for one process: the token is sent to this host only, and never written to a file or argument. */
export function gitEnvironment(serverUrl: string, token: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const credential = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    ...env,
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${serverUrl}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credential}`,
  };
}

function main(env: NodeJS.ProcessEnv): void {
  const root = join(import.meta.dirname, "..");
  const { MIRROR_TOKEN: token = "", GITHUB_REF_NAME: tag = "", GITHUB_REPOSITORY: source = "" } = env;
  const { GITHUB_REPOSITORY_OWNER: owner = "", GITHUB_SERVER_URL: serverUrl = "https://github.com" } = env;
  const release = parseTag(tag);
  if (release === undefined) throw new Error(`"${tag}" is not a version of the actions such as v1.2.3.`);
  if (token === "" || owner === "") throw new Error("MIRROR_TOKEN and GITHUB_REPOSITORY_OWNER must be set.");
  for (const action of readdirSync(join(root, "actions"))) {
    const url = `${serverUrl}/${owner}/${action}`;
    const outcome = mirrorAction({
      root,
      action,
      release,
      url,
      source,
      env: gitEnvironment(serverUrl, token, env),
    });
    console.log(`${url} ${release.text}: ${outcome}`);
  }
}

if (import.meta.main) {
  try {
    main(process.env);
  } catch (error) {
    console.error(`::error::${error instanceof Error ? error.message.replaceAll("\n", "%0A") : error}`);
    process.exitCode = 1;
  }
}
