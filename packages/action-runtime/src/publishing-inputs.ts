import { notice, setSecret } from "@actions/core";
import { createFetch, type Fetch } from "@spin-publisher/http";
import {
  type Annotations,
  type CredentialSource,
  credentialOrder,
  dockerConfigCredentials,
} from "@spin-publisher/oci";
import { type GitHubEvent, readEvent } from "./event.ts";
import { flag, lines, pairs, text } from "./inputs.ts";
import { automaticAliases, requireAlias } from "./tag.ts";

/** What the three publishing actions have in common, read once. */
export interface PublishingInputs {
  readonly event: GitHubEvent;
  readonly fetch: Fetch;
  /** Credentials for a run that publishes to `registry`: what was given as an input is for that one only. */
  readonly credentialsFor: (registry: string) => CredentialSource;
  readonly immutable: boolean;
  readonly insecure: boolean;
  readonly dryRun: boolean;
  readonly aliases: readonly string[];
  /** As given by the user; they win over everything that an action infers. */
  readonly annotations: Annotations;
}

/** @param event the event of the run where it is not given. */
export async function readPublishingInputs(given?: GitHubEvent): Promise<PublishingInputs> {
  const event = given ?? (await readEvent());
  return {
    event,
    fetch: maskingCredentials(createFetch()),
    credentialsFor: readCredentials(event),
    immutable: flag("immutable"),
    insecure: flag("insecure"),
    dryRun: flag("dry-run") || isOnlyBuilt(event),
    aliases: aliasesOf(lines("aliases"), event),
    annotations: pairs("annotations"),
  };
}

/** What is proposed in a pull request is built and compared; only an explicit tag publishes it. */
function isOnlyBuilt({ pushed }: GitHubEvent): boolean {
  if (pushed.kind !== "pull-request" || text("tag") !== "auto" || flag("dry-run")) return false;
  notice('A pull request is built, not published (dry run); set the input "tag" to publish it all the same.');
  return true;
}

/** `auto` among the aliases stands for what the event suggests; each alias is named once. */
function aliasesOf(given: readonly string[], event: GitHubEvent): readonly string[] {
  const aliases = given.flatMap((alias) =>
    alias === "auto" ? automaticAliases(event.pushed) : [requireAlias(alias)],
  );
  return [...new Set(aliases)];
}

/**
 * The order of the contract: what was given as an input, Docker's configuration, the job's own token (for GitHub's
 * registry only), nobody. Whether an input was given shows in its value, since the runner fills in the defaults.
 */
function readCredentials(event: GitHubEvent): PublishingInputs["credentialsFor"] {
  const username = text("registry-username");
  const password = text("registry-password");
  const jobToken = text("github-token");
  for (const secret of [password, jobToken]) maskWithDerivedForms(username, secret);
  const given = password !== "" && (password !== jobToken || username !== event.actor);
  const dockerConfig = dockerConfigCredentials();
  const registry = packagesHost(event.serverUrl);
  return (target) =>
    credentialOrder({
      ...(given ? { explicit: { kind: "basic", username, password }, explicitFor: target } : {}),
      dockerConfig,
      ...(jobToken === "" ? {} : { jobToken: { registry, username: event.actor, password: jobToken } }),
    });
}

/**
 * Masks what every request identifies itself with, wherever it came from: a password of Docker's configuration, a
 * token that a registry handed out.
 */
function maskingCredentials(send: Fetch): Fetch {
  const masked = new Set<string>();
  return (input, init) => {
    const [, secret = ""] = new Headers(init?.headers).get("authorization")?.split(" ") ?? [];
    if (secret !== "" && !masked.has(secret)) {
      masked.add(secret);
      setSecret(secret);
    }
    return send(input, init);
  };
}

/** Basic authentication sends base64 of `user:password`, which is as secret as the password itself. */
function maskWithDerivedForms(username: string, secret: string): void {
  if (secret === "") return;
  setSecret(secret);
  setSecret(encodeURIComponent(secret));
  setSecret(Buffer.from(`${username}:${secret}`).toString("base64"));
}

/** GitHub's container registry beside a GitHub: `ghcr.io`, or `containers.<host>` of an Enterprise Server. */
export function packagesHost(serverUrl: string): string {
  const { host } = new URL(serverUrl);
  return host === "github.com" ? "ghcr.io" : `containers.${host}`;
}
