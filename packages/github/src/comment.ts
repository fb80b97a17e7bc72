import { isObject } from "@spin-publisher/json";
import type { GitHub } from "./github.ts";

/** Finds our comment among others; invisible on the page. */
const marker = "<!-- spin-publisher: what merging would publish -->";

/** GitHub's limit of a comment is 65,536 characters. */
const longestBody = 65_000;

/** Writes the one comment of a pull request, or updates it where a run before wrote it. */
export async function upsertComment(
  github: GitHub,
  pullRequest: number,
  page: string,
): Promise<"created" | "updated" | "unchanged"> {
  const body = `${marker}\n${page.length > longestBody ? `${page.slice(0, longestBody)}\n\n…` : page}`;
  return github.creating(() => upsert(github, pullRequest, body));
}

async function upsert(
  github: GitHub,
  pullRequest: number,
  body: string,
): Promise<"created" | "updated" | "unchanged"> {
  const comments = await github.list(`issues/${pullRequest}/comments`);
  // Somebody may quote the marker: only a comment that begins with it is ours.
  const ours = comments.find(
    ({ body: text, performed_via_github_app: app, user }) =>
      typeof text === "string" && text.startsWith(marker) && (isObject(app) || isBot(user)),
  );
  if (ours === undefined) {
    await github.write("POST", `issues/${pullRequest}/comments`, { body });
    return "created";
  }
  if (ours.body === body) return "unchanged";
  await github.write("PATCH", `issues/comments/${String(ours.id)}`, { body });
  return "updated";
}

function isBot(user: unknown): boolean {
  return isObject(user) && user.type === "Bot";
}
