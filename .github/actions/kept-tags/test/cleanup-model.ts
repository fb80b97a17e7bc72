/** One version of a package: a manifest or index with the tags that point at it. */
export interface Version {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Manifests that it lists. */
  readonly children: readonly string[];
  /** What it signs or attests. */
  readonly subject: string | undefined;
  readonly ageDays: number;
}

export interface CleanupInputs {
  readonly excludeTags: RegExp;
  readonly deleteTags: RegExp;
  readonly olderThanDays: number;
}

/**
 * What dataaxiom/ghcr-cleanup-action v1.2.1 leaves of a package for these inputs (its README, "How it works", and
 * src/cleanup-orchestrator.ts): only top-level versions are looked at; one of whose tags is excluded stays; young ones
 * stay; of a version with several tags those that match are taken off as long as one tag is left; a version whose only
 * tag matches is deleted, with its children unless another index lists them, and with what refers to it.
 */
export function afterCleanup(
  versions: readonly Version[],
  { excludeTags, deleteTags, olderThanDays }: CleanupInputs,
): readonly Version[] {
  const untagged = versions.map((version) => {
    if (!isCandidate(version, versions, excludeTags, olderThanDays) || version.tags.length < 2)
      return version;
    const matching = version.tags.filter((tag) => deleteTags.test(tag)).slice(0, version.tags.length - 1);
    return { ...version, tags: version.tags.filter((tag) => !matching.includes(tag)) };
  });
  const deleted = new Set(
    untagged
      .filter((version) => isCandidate(version, untagged, excludeTags, olderThanDays))
      .filter(({ tags }) => tags.length === 1 && tags.every((tag) => deleteTags.test(tag)))
      .map(({ digest }) => digest),
  );
  const usedBy = (digest: string) =>
    untagged.filter((parent) => !deleted.has(parent.digest) && parent.children.includes(digest));
  for (const parent of untagged.filter(({ digest }) => deleted.has(digest)))
    for (const child of parent.children) if (usedBy(child).length === 0) deleted.add(child);
  const followers = untagged.filter(
    ({ subject, tags }) =>
      (subject !== undefined && deleted.has(subject)) ||
      tags.some((tag) => tag.startsWith("sha256-") && deleted.has(tag.replace("-", ":"))),
  );
  for (const { digest } of followers) deleted.add(digest);
  return untagged.filter(({ digest }) => !deleted.has(digest));
}

function isCandidate(
  version: Version,
  all: readonly Version[],
  excludeTags: RegExp,
  olderThanDays: number,
): boolean {
  const topLevel =
    version.subject === undefined &&
    !all.some(({ children }) => children.includes(version.digest)) &&
    !version.tags.some((tag) => tag.startsWith("sha256-"));
  return topLevel && version.ageDays >= olderThanDays && !version.tags.some((tag) => excludeTags.test(tag));
}
