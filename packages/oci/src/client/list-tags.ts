import { readJson } from "@spin-publisher/http";
import { isObject } from "@spin-publisher/json";
import { refusal } from "../refusals/registry-refusal.ts";
import { manifestLimit } from "../spec/parse-manifest.ts";
import { formatReference, isTag, type Repository } from "../spec/reference.ts";
import { nextPage } from "./next-page.ts";
import type { Sender } from "./pull.ts";

/** At 1000 tags a page, more than any repository has. */
const pageLimit = 100;

/**
 * Every tag in the registry's order (distribution-spec end-8), page by page; empty if the repository does not exist.
 * Illegal tags are omitted: they could not be requested.
 *
 * @throws Error after 100 pages: the registry is sending us in circles.
 */
export async function pullTags(client: Sender, repository: Repository): Promise<readonly string[]> {
  const what = `the tags of ${formatReference(repository)}`;
  const tags: string[] = [];
  let path: string | undefined = "tags/list?n=1000";
  for (let page = 0; path !== undefined; page += 1) {
    if (page === pageLimit)
      throw new Error(
        `${repository.registry} returned more than ${pageLimit} pages of tags for ${formatReference(repository)}.`,
      );
    const response: Response = await client.send({
      method: "GET",
      repository,
      path,
      access: "pull",
      bodyLimit: manifestLimit,
    });
    if (response.status === 404 && page === 0) return [];
    if (response.status !== 200) throw await refusal(response, "list the tags of", repository);
    tags.push(...tagsOf(await readJson(response, manifestLimit, what)));
    path = nextPage("tags/list", response);
  }
  return tags;
}

function tagsOf(answer: unknown): readonly string[] {
  const list = isObject(answer) ? answer.tags : undefined;
  return Array.isArray(list) ? list.filter((tag) => typeof tag === "string" && isTag(tag)) : [];
}
