import { posix } from "node:path";

export interface Mirrored {
  /** `owner/name` of this repository. */
  readonly source: string;
  /** The tag that is released. */
  readonly release: string;
  readonly action: string;
  /** Whether the action's own repository has a file, by its path from the action's folder. */
  readonly has: (path: string) => boolean;
}

/**
 * The README of an action as its own repository shows it: links to files that it lacks lead to this repository at the same release,
 * and `uses:` names the actions' own repositories at the major version that is released.
 */
export function mirrorReadme(markdown: string, { source, release, action, has }: Mirrored): string {
  const owner = source.split("/")[0] ?? "";
  const [major] = release.split(".");
  return markdown
    .replace(
      /\]\((?![a-z][a-z0-9+.-]*:|#|\/)([^)\s#]+)(#[^)\s]*)?\)/gi,
      (link, target: string, anchor = "") => {
        const path = posix.normalize(target);
        if (has(path)) return link;
        const place = posix.join("actions", action, path).replace(/\/$/, "");
        return `](https://github.com/${source}/blob/${release}/${place}${anchor})`;
      },
    )
    .replace(
      /\bOWNER\/REPO\/actions\/([\w-]+)@v\d+\b/g,
      (_uses, name: string) => `${owner}/${name}@${major}`,
    );
}
