import { parseBuildTag } from "@spin-publisher/action-runtime";

const preview = /^pr-([0-9]+)-[0-9a-f]{8}$/;

/**
 * What a clean-up may ever take: builds of branches and previews. Releases, moving tags and whatever else somebody
 * pushed stay, and so do the tags `sha256-…` of signatures, which follow what they sign.
 */
export const removable = "^(?:.+-[0-9a-f]{8}-[0-9]{10}|pr-[0-9]+-[0-9a-f]{8})$";

/**
 * The removable tags that stay: the newest builds of each branch, by the time of their commits, and the previews of
 * pull requests that are open.
 *
 * @param builds how many builds of each branch stay.
 */
export function keptTags(
  tags: readonly string[],
  builds: number,
  openPullRequests: ReadonlySet<number>,
): readonly string[] {
  const branches = new Map<string, { readonly tag: string; readonly epoch: number }[]>();
  const previews: string[] = [];
  for (const tag of tags) {
    const [, number] = preview.exec(tag) ?? [];
    if (number !== undefined) {
      if (openPullRequests.has(Number(number))) previews.push(tag);
      continue;
    }
    const build = parseBuildTag(tag);
    if (build === undefined) continue;
    const found = branches.get(build.slug) ?? [];
    found.push({ tag, epoch: build.epoch });
    branches.set(build.slug, found);
  }
  const newest = [...branches.values()].flatMap((found) =>
    found
      .sort((left, right) => right.epoch - left.epoch || (left.tag < right.tag ? 1 : -1))
      .slice(0, builds)
      .map(({ tag }) => tag),
  );
  return [...newest, ...previews].sort();
}

/**
 * A regular expression that matches what must stay: everything that is not removable, and these tags.
 *
 * A package that is protected by one of its tags is kept with all of them, so the same content under an old and a new
 * tag stays.
 */
export function patternOf(kept: readonly string[]): string {
  const names = kept.map((tag) => tag.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const others = `(?!${removable.slice(1)})`;
  return names.length === 0 ? `^${others}` : `^(?:${others}|(?:${names.join("|")})$)`;
}
