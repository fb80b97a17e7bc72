import { notice } from "@actions/core";
import { createFetch, type Fetch } from "@spin-publisher/http";
import type { Annotations, CredentialSource } from "@spin-publisher/oci";
import { requireAlias } from "./aliases.ts";
import { type GitHubEvent, readEvent } from "./event.ts";
import { flag, lines, pairs, text } from "./inputs.ts";
import { maskingCredentials, readCredentials } from "./registry-credentials.ts";
import { readSigning, type Signing } from "./signing-inputs.ts";

/** What the three publishing actions have in common, read once. */
export interface PublishingInputs {
  readonly event: GitHubEvent;
  readonly fetch: Fetch;
  /** The credentials of a run that publishes to `registry`: those given as inputs are sent to that one only. */
  readonly credentialsFor: (registry: string) => CredentialSource;
  readonly immutable: boolean;
  readonly insecure: boolean;
  readonly dryRun: boolean;
  /** What is published in place of a build: a tag or digest of the repository, or `commit`; empty for a build. */
  readonly promote: string;
  /** How it is signed; undefined if it is not. */
  readonly signing?: Signing | undefined;
  /** As given: `resolveAliases` says which tags they are. */
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
  const dryRun = flag("dry-run") || isOnlyBuilt(event);
  return {
    event,
    fetch: maskingCredentials(createFetch({ environment: process.env })),
    credentialsFor: readCredentials(event),
    immutable: flag("immutable"),
    insecure: flag("insecure"),
    dryRun,
    signing: readSigning(event, dryRun),
    promote: text("promote"),
    aliases: lines("aliases").map(requireAlias),
    annotations: pairs("annotations"),
  };
}

/** A pull request is built and compared; only an explicit tag publishes it. */
function isOnlyBuilt({ pushed }: GitHubEvent): boolean {
  if (pushed.kind !== "pull-request" || text("tag") !== "auto" || flag("dry-run")) return false;
  notice('A pull request is built but not published (dry run). To publish it, set the input "tag".');
  return true;
}
