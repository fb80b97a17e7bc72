import type { GitHub } from "./github.ts";

export interface ReleaseNotes {
  readonly tag: string;
  /** What was published, as Markdown. */
  readonly page: string;
  /** The section of the changelog; empty where there is none. */
  readonly changes: string;
}

/**
 * Publishes the GitHub Release of a tag: a draft first, so that nobody is notified of half a page. One that is there
 * already belongs to whoever wrote it and stays as it is.
 *
 * A chart's release is not "latest": the site's is what visitors of the repository look for.
 */
export async function publishRelease(
  github: GitHub,
  { tag, page, changes }: ReleaseNotes,
): Promise<"created" | "already present"> {
  const existing = await github.get(`releases/tags/${encodeURIComponent(tag)}`);
  if (existing !== undefined) return "already present";
  const draft = await github.creating(async () => {
    // A run that was killed in between left a draft, which no tag finds.
    const drafts = await github.list("releases");
    return (
      drafts.find((release) => release.draft === true && release.tag_name === tag) ??
      (await github.write("POST", "releases", { tag_name: tag, name: tag, draft: true, body: "" }))
    );
  });
  const prerelease = /^(?:chart-|v)?\d+\.\d+\.\d+-/.test(tag);
  await github.write("PATCH", `releases/${String(draft.id)}`, {
    body: [changes, page].filter((part) => part !== "").join("\n\n"),
    draft: false,
    prerelease,
    make_latest: tag.startsWith("chart-") || prerelease ? "false" : "legacy",
  });
  return "created";
}
