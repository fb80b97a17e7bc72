import lte from "semver/functions/lte.js";
import major from "semver/functions/major.js";
import minor from "semver/functions/minor.js";
import valid from "semver/functions/valid.js";
import type { Pushed } from "./event.ts";
import { parseBuildTag, releaseVersion, requireTag, slugOf } from "./tag.ts";

/** The aliases of a publication, and a sentence for each entry of the input that sets none. */
export interface Aliases {
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

const placeholder = /\{(major|minor)\}/g;

/**
 * The aliases that the input stands for: `auto` is `latest` for a release and the slug for a branch; `{major}` and
 * `{minor}` are those of the release, and set nothing for any other build; other names stand for themselves.
 *
 * @param given the lines of the input, each checked with `requireAlias`.
 * @param tag the tag to publish under.
 */
export function resolveAliases(given: readonly string[], pushed: Pushed, tag: string): Aliases {
  const names = new Set<string>();
  const notes: string[] = [];
  const released = releaseVersion(tag);
  for (const alias of given) {
    const resolved = resolveAlias(alias, pushed, tag, released);
    if ("name" in resolved) names.add(resolved.name);
    else notes.push(`"${alias}" sets no alias: ${resolved.reason}`);
  }
  return { names: [...names], notes };
}

function resolveAlias(
  alias: string,
  pushed: Pushed,
  tag: string,
  released: string | undefined,
): { readonly name: string } | { readonly reason: string } {
  if (alias === "auto" && pushed.kind === "branch") return { name: slugOf(pushed.name) };
  if (alias !== "auto" && !isTemplate(alias)) return { name: alias };
  if (alias === "auto" && pushed.kind === "pull-request") return { reason: "this is a pull request." };
  if (released === undefined) return { reason: `"${tag}" is not a release such as 1.2.3 or v1.2.3.` };
  return { name: alias === "auto" ? "latest" : expand(alias, released) };
}

/**
 * A line of the input `aliases`.
 *
 * @throws Error as `requireTag`, and for a version, which must not move.
 */
export function requireAlias(alias: string): string {
  if (valid(alias) !== null) {
    throw new Error(
      `"${alias}" is invalid as an alias: an alias moves, and a version must not. Use a name such as "latest".`,
    );
  }
  requireTag(expand(alias, "1.2.3"));
  return alias;
}

function isTemplate(alias: string): boolean {
  return alias.search(placeholder) >= 0;
}

function expand(template: string, version: string): string {
  return template.replace(placeholder, (_, part) =>
    String(part === "major" ? major(version) : minor(version)),
  );
}

/**
 * Why an alias must stay on its current version: between releases it only moves forward. Undefined where it may move.
 */
export function reasonToKeep(alias: string, current: string | undefined, next: string): string | undefined {
  const from = releaseVersion(current ?? "");
  const to = releaseVersion(next);
  if (from === undefined || to === undefined || lte(from, to)) return undefined;
  return `"${alias}" stays on ${current}, which is newer than ${next}`;
}

/**
 * Why a policy that takes the highest commit time (as Flux's do) does not take this build: an alias points at a build of
 * the same branch that was committed at the same second or later. Undefined where it does.
 */
export function reasonNotLast(alias: string, current: string | undefined, next: string): string | undefined {
  const [from, to] = [parseBuildTag(current ?? ""), parseBuildTag(next)];
  if (from === undefined || to === undefined || current === next) return undefined;
  if (from.slug !== to.slug || from.epoch < to.epoch) return undefined;
  const when = from.epoch === to.epoch ? "in the same second" : "later";
  return `${next} does not sort last: ${current}, to which "${alias}" pointed before, was committed ${when}. A policy that takes the highest commit time, as Flux does, may keep that build. Push a new commit, and check the clock of the machine that makes it.`;
}
