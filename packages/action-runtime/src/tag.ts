import { createHash } from "node:crypto";
import { isTag } from "@spin-publisher/oci";
import prerelease from "semver/functions/prerelease.js";
import valid from "semver/functions/valid.js";
import type { Pushed } from "./event.ts";

/** Longest slug: 60 + `-` + 8 + `-` + 10 stays far below the 128 characters of a tag. */
const slugLength = 60;

/** What the tag of a branch's build looks like: `<slug>-<sha8>-<commit time>`. */
const buildOfBranch = /^(?<slug>.+)-(?<shortSha>[0-9a-f]{8})-(?<epoch>[0-9]{10,})$/;

/**
 * Names that a branch's slug must not have, since they mean something else: an alias would pass for a build, or for
 * what `latest` and `{major}` stand for.
 */
const reserved = [/^latest$/, /^v?[0-9]+$/, buildOfBranch, /^pr-[0-9]+-[0-9a-f]{8}$/];

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
        `Cannot derive a tag from the ref "${pushed.ref}": it is not a tag, a branch or a pull request. Set the input "tag".`,
      );
  }
}

/**
 * A branch name as part of a tag: lower-case letters, digits and hyphens, at most 60 characters. A name that had to be
 * changed, or means something else, carries a short hash of the original, so that no two branches share a slug and no
 * branch can pass for another ("feature/main" is not "main") or for a build ("main-12345678-1795609999").
 */
export function slugOf(branch: string): string {
  if (
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(branch) &&
    branch.length <= slugLength &&
    !reserved.some((form) => form.test(branch))
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

/** The parts of a branch's automatic tag. */
export interface BuildTag {
  readonly slug: string;
  /** The first 8 digits of the commit. */
  readonly shortSha: string;
  /** Commit time in seconds. */
  readonly epoch: number;
}

/** The parts of the automatic tag of a branch; undefined for any other tag. */
export function parseBuildTag(tag: string): BuildTag | undefined {
  const { slug, shortSha, epoch } = buildOfBranch.exec(tag)?.groups ?? {};
  if (slug === undefined || shortSha === undefined) return undefined;
  return { slug, shortSha, epoch: Number(epoch) };
}

/** The version that a tag releases, `1.2.3` for `1.2.3` and `v1.2.3`; undefined for pre-releases and any other tag. */
export function releaseVersion(tag: string): string | undefined {
  const version = tag.replace(/^v/, "");
  return valid(version) === version && prerelease(version) === null ? version : undefined;
}

/** @throws Error when `tag` is not a legal OCI tag, with a legal one as a suggestion. */
export function requireTag(tag: string): string {
  if (isTag(tag)) return tag;
  const legal = tag
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 128);
  throw new Error(
    `"${tag}" is not a valid registry tag (letters, digits, "_", ".", "-", at most 128 characters)${isTag(legal) ? `; use "${legal}"` : ""}.`,
  );
}
