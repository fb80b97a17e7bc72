/** A version as Helm's SemVer library sees it; `original` is what was written, and what names and tags use. */
export interface Version {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  /** Without the hyphen; empty for a release. */
  readonly prerelease: string;
  /** Build metadata without the `+`; it counts neither for order nor for equality. */
  readonly metadata: string;
  readonly original: string;
}

const uint64 = 2n ** 64n;

/** What Helm accepts as a chart's version: `v1`, `1.2` and `01.2.3` too. Undefined for anything else. */
export function parseLoose(text: string): Version | undefined {
  const match =
    /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", prerelease = "", metadata = ""] = match;
  const numbers = [BigInt(major), BigInt(minor), BigInt(patch)] as const;
  const leadingZero = prerelease.split(".").some((identifier) => /^0[0-9]+$/.test(identifier));
  if (leadingZero || numbers.some((number) => number >= uint64)) return undefined;
  return { major: numbers[0], minor: numbers[1], patch: numbers[2], prerelease, metadata, original: text };
}

/** SemVer 2.0.0 exactly; undefined for anything else. Version ranges match only such versions. */
export function parseStrict(text: string): Version | undefined {
  const numbers = text.split(/[-+]/, 1)[0] ?? "";
  return /^(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}$/.test(numbers) ? parseLoose(text) : undefined;
}

/** SemVer §11: negative when `left` precedes `right`, zero when they differ in build metadata at most. */
export function compareVersions(left: Version, right: Version): number {
  for (const part of ["major", "minor", "patch"] as const) {
    if (left[part] !== right[part]) return left[part] < right[part] ? -1 : 1;
  }
  return comparePrereleases(left.prerelease, right.prerelease);
}

function comparePrereleases(left: string, right: string): number {
  if (left === right) return 0;
  if (left === "" || right === "") return left === "" ? 1 : -1;
  const [a, b] = [left.split("."), right.split(".")];
  for (const [index, identifier] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (identifier !== other) return compareIdentifiers(identifier, other);
  }
  return -1;
}

function compareIdentifiers(left: string, right: string): number {
  const numeric = [left, right].map((identifier) => /^[0-9]+$/.test(identifier));
  if (numeric[0] && numeric[1]) return BigInt(left) < BigInt(right) ? -1 : 1;
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
  return left < right ? -1 : 1;
}
