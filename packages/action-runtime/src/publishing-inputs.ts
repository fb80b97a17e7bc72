import { notice } from "@actions/core";
import { createFetch, type Fetch } from "@spin-publisher/http";
import type { Annotations, CredentialSource } from "@spin-publisher/oci";
import { type GitHubEvent, readEvent } from "./event.ts";
import { flag, lines, pairs, text } from "./inputs.ts";
import { maskingCredentials, readCredentials } from "./registry-credentials.ts";
import { automaticAliases, requireAlias } from "./tag.ts";

/** What the three publishing actions have in common, read once. */
export interface PublishingInputs {
  readonly event: GitHubEvent;
  readonly fetch: Fetch;
  /** The credentials of a run that publishes to `registry`: those given as inputs are sent to that one only. */
  readonly credentialsFor: (registry: string) => CredentialSource;
  readonly immutable: boolean;
  readonly insecure: boolean;
  readonly dryRun: boolean;
  readonly aliases: readonly string[];
  /** As given by the user; they win over everything that an action infers. */
  readonly annotations: Annotations;
}

/**
 * @param given the event; that of this run where it is omitted.
 * @throws Error naming the input or the runner's variable that is invalid.
 */
export async function readPublishingInputs(given?: GitHubEvent): Promise<PublishingInputs> {
  const event = given ?? (await readEvent());
  return {
    event,
    fetch: maskingCredentials(createFetch({ environment: process.env })),
    credentialsFor: readCredentials(event),
    immutable: flag("immutable"),
    insecure: flag("insecure"),
    dryRun: flag("dry-run") || isOnlyBuilt(event),
    aliases: aliasesOf(lines("aliases"), event),
    annotations: pairs("annotations"),
  };
}

/** A pull request is built and compared; only an explicit tag publishes it. */
function isOnlyBuilt({ pushed }: GitHubEvent): boolean {
  if (pushed.kind !== "pull-request" || text("tag") !== "auto" || flag("dry-run")) return false;
  notice('A pull request is built but not published (dry run). To publish it, set the input "tag".');
  return true;
}

/** `auto` among the aliases stands for those that follow from the event; duplicates are dropped. */
function aliasesOf(given: readonly string[], event: GitHubEvent): readonly string[] {
  const aliases = given.flatMap((alias) =>
    alias === "auto" ? automaticAliases(event.pushed) : [requireAlias(alias)],
  );
  return [...new Set(aliases)];
}
