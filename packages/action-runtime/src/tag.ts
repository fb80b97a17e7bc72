import { createHash } from "node:crypto";
import { isTag } from "@spin-publisher/oci";
import semver from "semver";
import type { Pushed } from "./event.ts";

/** Longest slug: 60 + `-` + 8 + `-` + 10 stays far below the 128 characters of a tag. */
const slugLength = 60;

/** Names that mean something else as an alias, and so cannot stand for a branch. */
const reserved = new Set(["latest"]);

/**
 * The tag of an event's artifacts: a function of the commit alone.
 *
 * @param epoch commit time in seconds; called for branches only.
 * @throws Error when a Git tag is not a legal OCI tag, with a legal one as a suggestion; when the ref is not a tag, a
 *   branch or a pull request.
 */
export async function automaticTag(
  pushed: Pushed,
  sha: string,
  epoch: () => Promise<number>,
): Promise<string> {
  const shortSha = sha.slice(0, 8);
  switch (pushed.kind) {
    case "tag":
      return requireTag(pushed.name);
    case "pull-request":
      return `pr-${pushed.number}-${shortSha}`;
    case "branch":
      return `${slugOf(pushed.name)}-${shortSha}-${String(await epoch()).padStart(10, "0")}`;
    case "other":
      throw new Error(
        `No tag follows from the ref "${pushed.ref}": it is not a tag, a branch or a pull request. Set the input "tag".`,
      );
  }
}

/** The aliases that `aliases: auto` stands for: `latest` for a release, the slug for a branch. */
export function automaticAliases(pushed: Pushed): readonly string[] {
  switch (pushed.kind) {
    case "tag":
      return releaseVersion(pushed.name) === undefined ? [] : ["latest"];
    case "branch":
      return [slugOf(pushed.name)];
    case "pull-request":
    case "other":
      return [];
  }
}

/**
 * A branch name as part of a tag: lower-case letters, digits and hyphens, at most 60 characters. A name that had
 * to be changed carries a short hash of the original, so that no two branches share a slug and no branch can
 * pass for another ("feature/main" is not "main").
 */
export function slugOf(branch: string): string {
  if (
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(branch) &&
    branch.length <= slugLength &&
    !reserved.has(branch)
  ) {
    return branch;
  }
  const hash = createHash("sha256").update(branch).digest("hex").slice(0, 6);
  const words = branch
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, slugLength - hash.length - 1)
    .replace(/^-+|-+$/g, "");
  return words === "" ? `branch-${hash}` : `${words}-${hash}`;
}

/** The version that a tag releases: strict SemVer without a pre-release part, undefined for any other tag. */
export function releaseVersion(tag: string): string | undefined {
  return semver.valid(tag) === tag && semver.prerelease(tag) === null ? tag : undefined;
}

/**
 * Why an alias must stay on its current version: between releases it only moves forward. Undefined where it may move.
 */
export function reasonToKeep(alias: string, current: string | undefined, next: string): string | undefined {
  if (current === undefined || releaseVersion(current) === undefined || releaseVersion(next) === undefined) {
    return undefined;
  }
  return semver.gt(current, next) ? `"${alias}" stays on ${current}, which is newer than ${next}` : undefined;
}

/**
 * A name that may move.
 *
 * @throws Error as `requireTag`, and for a version, which must not move.
 */
export function requireAlias(alias: string): string {
  if (semver.valid(alias) !== alias) return requireTag(alias);
  throw new Error(
    `"${alias}" is invalid as an alias: an alias moves, and a version must not. Use a name such as "latest".`,
  );
}

/** @throws Error when `tag` is not a legal OCI tag, with a legal one as a suggestion. */
export function requireTag(tag: string): string {
  if (isTag(tag)) return tag;
  const legal = tag
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 128);
  throw new Error(
    `"${tag}" is not a legal tag in a registry (letters, digits, "_", ".", "-", at most 128 characters)${isTag(legal) ? `; use "${legal}"` : ""}.`,
  );
}
