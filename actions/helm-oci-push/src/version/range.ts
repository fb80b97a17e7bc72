import { compareVersions, parseLoose, type Version } from "./semver.ts";

/** One comparison of a range. `parts` is how many of the three numbers were written before a wildcard or the end. */
interface Comparator {
  readonly operator: string;
  readonly version: Version;
  readonly parts: 0 | 1 | 2 | 3;
}

/** A version range: it holds when every comparator of one of its groups does. */
export type Range = readonly (readonly Comparator[])[];

// Longer operators first: the shorter ones begin like them.
const operator = "!=|>=|=>|<=|=<|~>|=|>|<|~|\\^|";
const number = "[0-9]+|[xX*]";
const suffixes = "(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?";
const partial = `v?(?:${number})(?:\\.(?:${number}))?(?:\\.(?:${number}))?${suffixes}`;
const comparator = `(?:${operator})\\s*${partial}`;
const group = new RegExp(`^\\s*${comparator}\\s*(?:(?:\\s+|,\\s*)${comparator}\\s*)*$`);
const hyphenRange = new RegExp(`(${partial})\\s+-\\s+(${partial})`, "g");

/**
 * Parses a range in the notation of Helm's dependencies: `||` between groups, blanks or commas within one, hyphen
 * ranges, wildcards. npm's notation differs (commas, `=>`, what a partial version means), so its parser cannot be used.
 *
 * @throws Error when it is not a range.
 */
export function parseRange(text: string): Range {
  return text
    .replace(hyphenRange, ">=$1, <=$2 ")
    .split("||")
    .map((part) => {
      if (!group.test(part))
        throw new Error(`"${text}" is not a version range such as "1.2.3", "~1.2" or ">=1.0.0, <2.0.0".`);
      return (part.match(new RegExp(comparator, "g")) ?? []).map(comparatorOf);
    });
}

/** The range, or undefined where Helm would ignore it because it is not one. */
export function rangeIn(text: string): Range | undefined {
  try {
    return parseRange(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether a version is in the range. A pre-release is only where one comparator of its group names a pre-release;
 * that one opens the whole group (Helm 3.19 and newer).
 */
export function isInRange(version: Version, range: Range): boolean {
  return range.some((comparators) => {
    if (version.prerelease !== "" && comparators.every((one) => one.version.prerelease === "")) return false;
    return comparators.every((one) => satisfies(version, one));
  });
}

function comparatorOf(text: string): Comparator {
  const [, given = "", rest = ""] = new RegExp(`^(${operator})\\s*v?(.*)$`).exec(text) ?? [];
  const [core = "", suffix = ""] = [
    rest.split(/[-+]/, 1)[0],
    rest.slice((rest.split(/[-+]/, 1)[0] ?? "").length),
  ];
  const numbers = core.split(".");
  const wildcard = numbers.findIndex((part) => /^[xX*]$/.test(part));
  const written = numbers.slice(0, wildcard < 0 ? 3 : wildcard);
  const parts = written.length;
  const version = parseLoose(`${[...written, "0", "0", "0"].slice(0, 3).join(".")}${suffix}`);
  if (version === undefined || (parts !== 0 && parts !== 1 && parts !== 2 && parts !== 3)) {
    throw new Error(`"${text}" contains a version that is not SemVer.`);
  }
  return { operator: given, version, parts };
}

function satisfies(version: Version, { operator, version: bound, parts }: Comparator): boolean {
  const order = compareVersions(version, bound);
  const sameMajor = version.major === bound.major;
  const sameMinor = sameMajor && version.minor === bound.minor;
  switch (operator) {
    case "":
    case "=":
      return parts === 3 ? order === 0 : inTilde(version, bound, parts);
    case "!=":
      if (parts === 1) return !sameMajor;
      if (parts === 2) return !sameMinor || version.prerelease !== bound.prerelease;
      return order !== 0;
    case ">":
      if (parts === 3 || parts === 0) return order > 0;
      if (parts === 1) return version.major > bound.major;
      return sameMajor ? version.minor > bound.minor : version.major > bound.major;
    case "<":
      return order < 0;
    case ">=":
    case "=>":
      return order >= 0;
    case "<=":
    case "=<":
      if (parts === 3) return order <= 0;
      if (!sameMajor) return version.major < bound.major;
      return parts === 1 || version.minor <= bound.minor;
    case "~":
    case "~>":
      return inTilde(version, bound, parts);
    default:
      return inCaret(version, bound, parts);
  }
}

function inTilde(version: Version, bound: Version, parts: number): boolean {
  if (compareVersions(version, bound) < 0) return false;
  const zero = bound.major === 0n && bound.minor === 0n && bound.patch === 0n;
  if (zero && (parts === 0 || parts === 3)) return true; // "~0.0.0" accepts everything, as "*" does
  return version.major === bound.major && (parts === 1 || version.minor === bound.minor);
}

function inCaret(version: Version, bound: Version, parts: number): boolean {
  if (compareVersions(version, bound) < 0) return false;
  if (bound.major > 0n || parts === 1) return version.major === bound.major;
  if (version.major > 0n) return false;
  if (bound.minor > 0n || parts === 2) return version.minor === bound.minor;
  return version.minor === 0n && version.patch === bound.patch;
}
