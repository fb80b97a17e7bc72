import type { Repository } from "@spin-publisher/oci";
import type { GitHubEvent } from "./event.ts";
import { packagesHost } from "./registry-credentials.ts";

/** Pages about a publication. */
export interface Links {
  readonly commit: string;
  /** This run of the workflow; undefined outside a runner. */
  readonly run: string | undefined;
  /** The package on GitHub; undefined for other registries, whose pages follow no common rule. */
  readonly package: string | undefined;
}

/** The pages on GitHub where a reader finds the commit, the run and the package of a publication. */
export function linksOf(event: GitHubEvent, { registry, name }: Repository): Links {
  const { owner, name: project } = event.repository;
  const home = `${event.serverUrl}/${owner}/${project}`;
  // A package is named without its owner, and a repository shows the packages of its own owner only.
  const [packageOwner = "", ...rest] = name.split("/");
  const isOwn = registry === packagesHost(event.serverUrl) && packageOwner === owner.toLowerCase();
  return {
    commit: `${home}/commit/${event.sha}`,
    run: event.runId === undefined ? undefined : `${home}/actions/runs/${event.runId}`,
    package: isOwn ? `${home}/pkgs/container/${encodeURIComponent(rest.join("/"))}` : undefined,
  };
}
