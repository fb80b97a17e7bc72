// Moves v1 and v1.2 in this repository to the release that was pushed, v1.2.3, so that
// `uses: OWNER/REPO/actions/setup-spin@v1` and `uses: OWNER/REPO/.github/workflows/publish.yaml@v1` resolve.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gitEnvironment } from "./mirror.ts";
import { parseTag, planRefs } from "./moving-tags.ts";

export interface Moving {
  /** The checkout, which has the released commit. */
  readonly root: string;
  /** The tag that was pushed. */
  readonly tag: string;
  /** `https://github.com/owner/repository`. */
  readonly url: string;
  /** Environment of Git, with credentials for the repository. */
  readonly env: NodeJS.ProcessEnv;
}

export type Moved =
  | { readonly kind: "moved" | "unchanged"; readonly tags: readonly string[] }
  /** GitHub does not let a job's own token move a tag onto other workflow files than those of a branch's tip. */
  | { readonly kind: "refused"; readonly tags: readonly string[]; readonly reason: string };

/** @throws Error when the tag is not a release, the remote does not have it, or it cannot be reached. */
export function moveTags({ root, tag, url, env }: Moving): Moved {
  const release = parseTag(tag);
  if (release === undefined) throw new Error(`"${tag}" is not a release of the actions such as v1.2.3.`);
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  const tags = remoteTags(git("ls-remote", "--tags", url));
  const commit = tags.get(tag);
  if (commit === undefined) throw new Error(`${url} has no tag ${tag}; push it first.`);
  const moving = planRefs(release, [...tags.keys()]).moving.filter((name) => tags.get(name) !== commit);
  if (moving.length === 0) return { kind: "unchanged", tags: [] };
  try {
    git("push", "--quiet", "--atomic", url, ...moving.map((name) => `+${commit}:refs/tags/${name}`));
    return { kind: "moved", tags: moving };
  } catch (error) {
    const said: unknown = Object(error).stderr;
    // Only an answer is a refusal: where the remote was not reached, another run may succeed.
    const reason = String(said)
      .split("\n")
      .find((line) => /refusing to allow|\[(?:remote )?rejected\]|denied|returned error: 403/i.test(line));
    if (reason === undefined) throw error;
    return { kind: "refused", tags: moving, reason: reason.trim() };
  }
}

/** Tag → commit; an annotated tag is followed to its commit (`refs/tags/v1.2.3^{}`). */
function remoteTags(listing: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of listing.split("\n").sort()) {
    const [, commit, name] = /^([0-9a-f]{40,64})\trefs\/tags\/(.+?)(?:\^\{\})?$/.exec(line) ?? [];
    if (commit !== undefined && name !== undefined && (line.endsWith("^{}") || !found.has(name)))
      found.set(name, commit);
  }
  return found;
}

/** The command with which somebody who may moves the tags by hand. */
export function commandFor(tag: string, moving: readonly string[]): string {
  const refs = moving.map((name) => `+refs/tags/${tag}^{}:refs/tags/${name}`);
  return `git fetch --tags && git push origin ${refs.map((ref) => `'${ref}'`).join(" ")}`;
}

function main(env: NodeJS.ProcessEnv): void {
  const { TOKEN: token = "", GITHUB_REF_NAME: tag = "", GITHUB_REPOSITORY: repository = "" } = env;
  const { GITHUB_SERVER_URL: serverUrl = "https://github.com" } = env;
  const url = `${serverUrl}/${repository}`;
  const moved = moveTags({
    root: join(import.meta.dirname, ".."),
    tag,
    url,
    env: gitEnvironment(serverUrl, token, env),
  });
  if (moved.kind === "refused") {
    console.log(
      `::notice title=${moved.tags.join(" and ")} did not move::GitHub refused to move them with this job's token (${moved.reason}). Run: ${commandFor(tag, moved.tags)}`,
    );
  } else console.log(`${url}: ${moved.tags.join(", ") || "no tag"} ${moved.kind}`);
}

if (import.meta.main) {
  try {
    main(process.env);
  } catch (error) {
    console.error(`::error::${error instanceof Error ? error.message.replaceAll("\n", "%0A") : error}`);
    process.exitCode = 1;
  }
}
