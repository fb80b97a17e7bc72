// Which tags of a release of the actions move: v1.2.3 is exact, v1.2 and v1 follow the newest of their line.

export interface Version {
  readonly text: string;
  readonly numbers: readonly [major: number, minor: number, patch: number];
  readonly prerelease: string;
}

/** A tag such as `v1.2.3` or `v1.2.3-rc.1`; undefined for any other. */
export function parseTag(tag: string): Version | undefined {
  const [, major, minor, patch, prerelease = ""] =
    /^v(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?$/.exec(tag) ?? [];
  if (major === undefined) return undefined;
  return { text: tag, numbers: [Number(major), Number(minor), Number(patch)], prerelease };
}

function newer(left: Version, right: Version): boolean {
  const differing = left.numbers.findIndex((number, index) => number !== right.numbers[index]);
  return differing !== -1 && (left.numbers[differing] ?? 0) > (right.numbers[differing] ?? 0);
}

export interface RefPlan {
  /** The tags to move, where the release is the newest of their line: `v1`, `v1.2`. */
  readonly moving: readonly string[];
  /** Whether it is the newest release of all, so that the branch `main` of a mirror follows. */
  readonly main: boolean;
}

/**
 * Which moving references follow a release, given the tags that exist. They never move backwards, and pre-releases move
 * none.
 */
export function planRefs(release: Version, present: readonly string[]): RefPlan {
  if (release.prerelease !== "") return { moving: [], main: false };
  const others = present
    .flatMap((tag) => parseTag(tag) ?? [])
    .filter(({ prerelease, text }) => prerelease === "" && text !== release.text);
  const [major, minor] = release.numbers;
  const newest = (versions: readonly Version[]) => !versions.some((version) => newer(version, release));
  const sameMajor = others.filter(({ numbers }) => numbers[0] === major);
  const sameMinor = sameMajor.filter(({ numbers }) => numbers[1] === minor);
  return {
    moving: [
      ...(newest(sameMajor) ? [`v${major}`] : []),
      ...(newest(sameMinor) ? [`v${major}.${minor}`] : []),
    ],
    main: newest(others),
  };
}
