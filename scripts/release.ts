// make release: pushes the Git tags of the versions in this checkout, the site's first. The remote alone decides what is
// missing: a tag that exists only here was never released.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import { isObject } from "@spin-publisher/json";
import { readVersions, requireVersion, type Versions } from "./version.ts";

export interface Release {
  /** The checkout; its HEAD is released. */
  readonly root: string;
  readonly remote?: string;
  readonly tell: (line: string) => void;
}

/** A tag of a release, and the folder whose state it releases. */
export interface ReleaseTag {
  readonly tag: string;
  readonly folder: "site" | "charts/bart";
  /** The command that sets the next version. */
  readonly next: string;
}

/**
 * The Git tags of a release in the order in which they are pushed: the chart installs the site's version, so the site
 * comes first.
 *
 * @throws Error when the chart would install another version than the one that is released.
 */
export function releaseTags({ site, chart, app }: Versions): readonly ReleaseTag[] {
  requireVersion(site, "The version in site/spin.toml");
  requireVersion(chart, "The version in charts/bart/Chart.yaml");
  if (site !== app) {
    throw new Error(
      `The site's version is ${site}, but the chart's appVersion is ${app}; run make version-set TAG=${site}.`,
    );
  }
  return [
    { tag: site, folder: "site", next: "make version-set TAG=…" },
    { tag: `chart-${chart}`, folder: "charts/bart", next: "make chart-version-set SEMVER=…" },
  ];
}

/**
 * Pushes the tags that the remote does not have, one at a time: GitHub starts no workflow for more than three in a push,
 * and a failure in between leaves a state from which the next run continues.
 *
 * @throws Error when something is not committed or not pushed, when the remote refuses a tag, or when both versions were
 *   released from other commits.
 */
export function release({ root, remote = "origin", tell }: Release): void {
  const git = gitIn(root);
  if (git("status", "--porcelain") !== "")
    throw new Error("There are uncommitted changes. Commit and push them, then run make release again.");
  const head = git("rev-parse", "HEAD");
  const tags = releaseTags(readVersions((file) => readFileSync(join(root, file), "utf8")));
  const refs = remoteRefs(git, remote);
  requirePushed(git, remote, head, refs);

  const missing = tags.filter(({ tag }) => !refs.has(`refs/tags/${tag}`));
  for (const released of tags.filter((tag) => !missing.includes(tag))) {
    const commit = refs.get(`refs/tags/${released.tag}`) ?? "";
    tell(`${released.tag} is already on ${remote}${commit === head ? "" : `, at ${commit.slice(0, 8)}`}`);
    const since = changeSince(git, commit, head, released);
    if (since !== undefined) tell(`  ${since}, run ${released.next}`);
  }
  if (missing.length === 0 && tags.every(({ tag }) => refs.get(`refs/tags/${tag}`) !== head))
    throw new Error(
      `Both versions are already released. Set a new one with ${tags.map(({ next }) => next).join(" or ")}.`,
    );
  for (const { tag } of missing) {
    try {
      git("push", "--quiet", remote, `${head}:refs/tags/${tag}`);
    } catch (error) {
      throw new Error(
        `${remote} refused the tag ${tag}; it and what follows it are not released. Fix the cause and run make release again:\n${stderrOf(error)}`,
        { cause: error },
      );
    }
    git("tag", "--force", tag, head); // as a fetch would, also over a tag that never reached the remote
    tell(`pushed ${tag}`);
  }
}

type Git = (...args: readonly string[]) => string;

function gitIn(cwd: string): Git {
  return (...args) =>
    execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** The commits of the remote's branches and tags; annotated tags are followed to their commits. */
function remoteRefs(git: Git, remote: string): ReadonlyMap<string, string> {
  let listed: string;
  try {
    listed = git("ls-remote", "--quiet", remote, "refs/heads/*", "refs/tags/*");
  } catch (error) {
    throw new Error(
      `Cannot ask the remote "${remote}" which tags it has. Check git remote -v and your access:\n${stderrOf(error)}`,
      { cause: error },
    );
  }
  const lines = listed.split("\n").filter((line) => line !== "");
  const refs = lines.map((line) => line.split("\t") as [string, string]);
  // A tag's own line comes before that of its commit, NAME^{}, which replaces it.
  return new Map(refs.map(([sha, name]) => [name.replace(/\^\{\}$/, ""), sha]));
}

/** @throws Error unless a branch of the remote contains the commit: a release others cannot find in a branch gets lost. */
function requirePushed(git: Git, remote: string, head: string, refs: ReadonlyMap<string, string>): void {
  const branches = [...refs].flatMap(([name, sha]) => (name.startsWith("refs/heads/") ? [sha] : []));
  if (branches.includes(head)) return;
  if (branches.length > 0) git("fetch", "--quiet", "--no-tags", remote, ...new Set(branches));
  if (branches.some((sha) => succeeds(() => git("merge-base", "--is-ancestor", head, sha)))) return;
  throw new Error(
    `No branch of ${remote} contains ${head.slice(0, 8)}, the commit to release. Push the branch first: git push ${remote} HEAD`,
  );
}

/** What a released tag does not include; undefined where it is up to date. */
function changeSince(git: Git, from: string, to: string, { folder }: ReleaseTag): string | undefined {
  // A commit that is not available, as in a shallow clone, cannot be compared.
  if (!succeeds(() => git("cat-file", "-e", `${from}^{commit}`))) return undefined;
  if (succeeds(() => git("diff", "--quiet", from, to, "--", folder))) return undefined;
  const [before, after] = [from, to].map(
    (commit) => readVersions((file) => git("show", `${commit}:${file}`)).app,
  );
  return folder === "charts/bart" && before !== after
    ? `it installs ${before}; to release a chart that installs ${after}`
    : `${folder} has changed since; to release it`;
}

function succeeds(command: () => unknown): boolean {
  try {
    command();
    return true;
  } catch {
    return false;
  }
}

function stderrOf(error: unknown): string {
  const said = isObject(error) ? String(error.stderr ?? "").trim() : "";
  return said === "" ? messageOf(error) : said;
}

if (import.meta.main) {
  try {
    release({ root: join(import.meta.dirname, ".."), tell: (line) => console.log(line) });
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
