import rsort from "semver/functions/rsort.js";
import valid from "semver/functions/valid.js";
import maxSatisfying from "semver/ranges/max-satisfying.js";
import validRange from "semver/ranges/valid.js";

/** The version that a user asks for. Versions omit the `v` of their tags. */
export type VersionRequest =
  | { readonly kind: "latest" }
  | { readonly kind: "exact"; readonly version: string }
  | { readonly kind: "range"; readonly range: string };

/**
 * Parses `latest`, a version with or without `v`, or a semver range (`^3.4`, `3.x`, `>=3.4 <5`).
 *
 * @throws Error saying what can be requested instead.
 */
export function parseVersionRequest(text: string): VersionRequest {
  const request = text.trim();
  if (request.toLowerCase() === "latest") return { kind: "latest" };
  const version = request.replace(/^v/i, "");
  if (valid(version) === version) return { kind: "exact", version };
  if (request === "canary") {
    throw new Error(
      "Spin's canary build changes with every commit and has no version. Use latest, a release such as 4.0.2, or the full name of a release candidate such as 4.1.0-rc.1.",
    );
  }
  if (request !== "" && validRange(request) !== null) return { kind: "range", range: request };
  throw new Error(
    `"${text}" is not a version of Spin. Use latest, an exact version such as 4.0.2, or a range such as ^4.0.`,
  );
}

/** The Git tag of a release. */
export function tagOf(version: string): string {
  return `v${version}`;
}

/**
 * The version that a tag releases, or undefined for a tag that is not a release of Spin: `canary`,
 * `spin/templates/v3.0`, `sdk/go/v2.2.0` and the like.
 */
export function versionOf(tag: string): string | undefined {
  const version = tag.slice(1);
  return tag.startsWith("v") && valid(version) === version ? version : undefined;
}

/** Whether a version is neither a pre-release nor has a build suffix. */
export function isStable(version: string): boolean {
  return /^\d+\.\d+\.\d+$/.test(version);
}

/**
 * The highest of `versions` that satisfies the request. `latest` takes stable versions only; a range takes a
 * pre-release only where it names one of the same version itself (`>=4.1.0-rc.1`), as in npm.
 */
export function highest(
  versions: readonly string[],
  request: Exclude<VersionRequest, { kind: "exact" }>,
): string | undefined {
  const range = request.kind === "latest" ? "*" : request.range;
  return maxSatisfying([...versions], range) ?? undefined;
}

/** Whether a version satisfies a request; any stable version satisfies `latest`. */
export function meets(version: string, request: VersionRequest): boolean {
  return request.kind === "exact" ? version === request.version : highest([version], request) === version;
}

/** Newest first. */
export function newestFirst(versions: readonly string[]): readonly string[] {
  return rsort([...versions]);
}
