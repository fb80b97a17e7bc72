import { info, setOutput, setSecret } from "@actions/core";
import { choice, placeholdersOf, readEvent, runAction, text } from "@spin-publisher/action-runtime";
import { createGitHub, openPullRequests } from "@spin-publisher/github";
import { createFetch } from "@spin-publisher/http";
import { createRegistryClient } from "@spin-publisher/oci";
import { keptTags, patternOf } from "./kept-tags.ts";

await runAction("retention", async () => {
  const rule = choice("rule", ["keep", "all"]);
  const builds = Number(text("builds"));
  if (!Number.isSafeInteger(builds) || builds < 1)
    throw new Error(`Input "builds" must be a number of at least 1, but it is "${text("builds")}".`);
  const token = text("github-token");
  if (token !== "") setSecret(token);
  const fetch = createFetch({ environment: process.env });
  const event = await readEvent();
  const { registry, repository } = placeholdersOf(event);
  const client = createRegistryClient({
    fetch,
    credentials: async () => ({ kind: "basic", username: event.actor, password: token }),
  });
  const tags = await client.tags({ registry, name: repository });
  // The API's own spelling of the repository: a list that is not found must never look like an empty one.
  const { owner, name } = event.repository;
  const apiUrl = process.env.GITHUB_API_URL || "https://api.github.com";
  const open =
    rule === "all"
      ? new Set<number>()
      : await openPullRequests(createGitHub({ fetch, apiUrl, repository: `${owner}/${name}`, token }));
  const kept = rule === "all" ? tags : keptTags(tags, builds, open);
  info(`The shim has ${tags.length} tags; ${kept.length} are kept by name.`);
  setOutput("pattern", patternOf(kept));
  setOutput("packages", repository.split("/").slice(1).join("/"));
  setOutput("content-packages", `${repository.split("/").slice(1).join("/")}/content`);
});
