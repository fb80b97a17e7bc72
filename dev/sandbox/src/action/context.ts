import { idOf, ownerOf, type WorkflowEvent } from "./event.ts";
import type { ContextValue } from "./expression.ts";

/** The parts of the `github` context that the run, not the event, decides. Empty where not known yet. */
export interface RunIdentity {
  readonly workflow: string;
  /** Path of the workflow file inside the repository. */
  readonly workflowPath: string;
  readonly job: string;
  readonly workspace: string;
  readonly eventPath: string;
  readonly token: string;
  readonly serverUrl: string;
  readonly runId: number;
  readonly runAttempt: number;
  /** The id of the running step, and the folder of the action it uses. */
  readonly action: string;
  readonly actionPath: string;
}

const unknown: RunIdentity = {
  workflow: "",
  workflowPath: "",
  job: "",
  workspace: "",
  eventPath: "",
  token: "",
  serverUrl: "https://github.com",
  runId: 1_000_001,
  runAttempt: 1,
  action: "",
  actionPath: "",
};

export type GitHubContext = { readonly [key: string]: ContextValue };

/** The `github` context of a step. */
export function githubContext(event: WorkflowEvent, known: Partial<RunIdentity>): GitHubContext {
  const identity = { ...unknown, ...known };
  const owner = ownerOf(event.repository);
  const onGitHub = identity.serverUrl === "https://github.com";
  return {
    action: identity.action,
    action_path: identity.actionPath,
    action_ref: "",
    action_repository: "",
    actor: event.actor,
    actor_id: String(idOf(event.actor)),
    api_url: onGitHub ? "https://api.github.com" : `${identity.serverUrl}/api/v3`,
    base_ref: event.baseRef,
    event: event.payload,
    event_name: event.name,
    event_path: identity.eventPath,
    graphql_url: onGitHub ? "https://api.github.com/graphql" : `${identity.serverUrl}/api/graphql`,
    head_ref: event.headRef,
    job: identity.job,
    ref: event.ref,
    ref_name: event.ref.replace(/^refs\/(?:heads|tags|pull)\//, ""),
    ref_protected: "false",
    ref_type: event.ref.startsWith("refs/tags/") ? "tag" : "branch",
    repository: event.repository,
    repository_id: String(idOf(event.repository)),
    repository_owner: owner,
    repository_owner_id: String(idOf(owner)),
    repositoryUrl: `git://github.com/${event.repository}.git`,
    retention_days: "90",
    run_attempt: String(identity.runAttempt),
    run_id: String(identity.runId),
    run_number: "1",
    secret_source: "Actions",
    server_url: identity.serverUrl,
    sha: event.sha,
    token: identity.token,
    triggering_actor: event.actor,
    workflow: identity.workflow,
    workflow_ref: `${event.repository}/${identity.workflowPath}@${event.ref}`,
    workflow_sha: event.sha,
    workspace: identity.workspace,
  };
}

/** The properties of the `github` context that the runner also hands to every process (GitHubContext.cs). */
const inEnvironment = new Set(
  `action action_path action_ref action_repository actor actor_id api_url base_ref event_name event_path
  graphql_url head_ref job ref ref_name ref_protected ref_type repository repository_id repository_owner
  repository_owner_id retention_days run_attempt run_id run_number server_url sha triggering_actor workflow
  workflow_ref workflow_sha workspace`.split(/\s+/),
);

/** `GITHUB_*`. The token is not among them: a step that needs it must ask for it. */
export function githubVariables(context: GitHubContext): Record<string, string> {
  return Object.fromEntries(
    Object.entries(context)
      .filter(([name]) => inEnvironment.has(name))
      .map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, String(value)]),
  );
}
