import { existsSync, readFileSync } from "node:fs";
import { info, setSecret, summary } from "@actions/core";
import { choice, runAction, text } from "@spin-publisher/action-runtime";
import { createGitHub, publishRelease, upsertComment } from "@spin-publisher/github";
import { createFetch } from "@spin-publisher/http";
import { changesOf } from "./changelog.ts";
import { failedJobs } from "./jobs.ts";
import { pageOf } from "./markdown.ts";
import { parseReports } from "./report.ts";

await runAction("page", async () => {
  const to = choice("to", ["summary", "comment", "release"]);
  const token = text("github-token");
  if (token !== "") setSecret(token);
  const { context } = await import("./github-context.ts");
  const repository = `${context.repo.owner}/${context.repo.repo}`;
  const commit = String(context.payload.pull_request?.head?.sha ?? context.sha);
  const [reports, failed] = [parseReports(text("reports")), failedJobs(text("jobs"))];
  const page = pageOf(reports, failed, {
    url: `${context.serverUrl}/${repository}/actions/runs/${context.runId}`,
    commit,
    commitUrl: `${context.serverUrl}/${repository}/commit/${commit}`,
  });
  if (to === "summary") {
    await summary.addRaw(page).write();
    // Green means published: a workflow whose jobs were all skipped must not pass for one that did its work.
    if (text("jobs") !== "" && reports.length === 0 && failed.length === 0) {
      throw new Error(
        `Nothing was published for ${context.ref}; set "manifest" for a site, or "chart" for a tag chart-<version>.`,
      );
    }
    return;
  }
  const github = createGitHub({
    fetch: createFetch({ environment: process.env }),
    apiUrl: context.apiUrl,
    repository,
    token,
  });
  if (to === "comment") {
    const number = Number(context.payload.pull_request?.number);
    if (!Number.isSafeInteger(number)) throw new Error("There is no pull request to comment on.");
    info(`The comment on #${number}: ${await upsertComment(github, number, page)}.`);
    return;
  }
  const tag = context.ref.replace(/^refs\/tags\//, "");
  const changelog = text("changelog");
  const changes =
    changelog !== "" && existsSync(changelog) ? changesOf(readFileSync(changelog, "utf8"), tag) : "";
  info(`The release ${tag}: ${await publishRelease(github, { tag, page, changes })}.`);
});
