import { commitEpoch } from "./commit-time.ts";
import type { GitHubEvent } from "./event.ts";
import { requiredText } from "./inputs.ts";
import { automaticTag, requireTag } from "./tag.ts";

/**
 * The tag to publish under: the input `tag`, or where that is `auto` the tag that follows from the event. `preview` is
 * the tag of a pull request that is published.
 *
 * @param path a file or folder of the checkout, where one is known: the commit's time is read there.
 * @throws Error when the input is empty, when the tag is illegal in a registry, and for `auto` as `automaticTag` and
 *   `commitEpoch`.
 */
export async function requestedTag(event: GitHubEvent, path?: string): Promise<string> {
  const given = requiredText("tag");
  if (given === "preview" && event.pushed.kind !== "pull-request") {
    throw new Error('Input "tag" is "preview", which is for pull requests only; use "auto".');
  }
  if (given !== "auto" && given !== "preview") return requireTag(given);
  return automaticTag(event.pushed, event.sha, () => commitEpoch(event, path));
}
