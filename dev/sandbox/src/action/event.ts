import { createHash } from "node:crypto";
import type { ContextValue } from "./expression.ts";

/** What happened on GitHub: the part of the `github` context that an event decides, and its payload. */
export interface WorkflowEvent {
  readonly name: "push" | "pull_request" | "merge_group" | "workflow_dispatch" | "schedule";
  /** Fully qualified: `refs/heads/main`, `refs/tags/0.1.2`, `refs/pull/7/merge`. */
  readonly ref: string;
  /** The commit that is checked out; for a pull request the test merge, not the head. */
  readonly sha: string;
  /** `owner/name`, in the owner's own spelling. */
  readonly repository: string;
  readonly actor: string;
  /** Source and target branch of a pull request, empty otherwise. */
  readonly headRef: string;
  readonly baseRef: string;
  /** The inputs that were entered (`workflow_dispatch`). */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The webhook document that `GITHUB_EVENT_PATH` holds. */
  readonly payload: { readonly [key: string]: ContextValue };
}

/** The details of an event that a caller can set; everything else has a plausible default. */
export interface EventDetails {
  readonly repository?: string;
  readonly actor?: string;
  /** 40 hexadecimal digits. */
  readonly sha?: string;
  /** The commit's time, ISO 8601 with the committer's own offset as GitHub sends it. */
  readonly timestamp?: string;
  readonly message?: string;
  readonly private?: boolean;
}

export interface PullRequestDetails extends EventDetails {
  /** What happened to it; new commits where nothing is said. */
  readonly action?: "opened" | "synchronize" | "reopened" | "closed";
  readonly number?: number;
  /** Whether the head is in another repository: read-only token, no secrets. */
  readonly fork?: boolean;
  readonly headRef?: string;
  readonly headSha?: string;
  readonly baseRef?: string;
}

const defaults = {
  repository: "octo-org/site",
  actor: "mona",
  timestamp: "2026-11-20T10:15:30+01:00",
  message: "Write about the sea\n\nWith a second paragraph.",
  private: false,
};
const noCommit = "0".repeat(40);

/** A new tag on the newest commit of `main`. */
export function pushTag(
  tag: string,
  details: EventDetails & { readonly annotated?: boolean } = {},
): WorkflowEvent {
  const event = push(`refs/tags/${tag}`, details, {
    created: true,
    base_ref: "refs/heads/main",
    before: noCommit,
  });
  // For an annotated tag `after` is the tag object; github.sha stays the commit.
  return details.annotated === true
    ? { ...event, payload: { ...event.payload, after: hexOf(`tag ${tag}`) } }
    : event;
}

/** One commit pushed to an existing branch. */
export function pushBranch(branch: string, details: EventDetails = {}): WorkflowEvent {
  return push(`refs/heads/${branch}`, details, { created: false, base_ref: null, before: hexOf("parent") });
}

/** A pull request that got new commits. `sha` is the test merge, as `github.sha` is for this event. */
export function pullRequest(details: PullRequestDetails = {}): WorkflowEvent {
  const { repository, actor, timestamp } = { ...defaults, ...details };
  const number = details.number ?? 7;
  const headRef = details.headRef ?? "fix/typo";
  const baseRef = details.baseRef ?? "main";
  const sha = details.sha ?? hexOf(`merge of pull request ${number}`);
  const headSha = details.headSha ?? hexOf(`head of pull request ${number}`);
  const base = repositoryPayload(repository, details.private ?? defaults.private);
  const head =
    details.fork === true
      ? { ...repositoryPayload(`contributor/${nameOf(repository)}`, false), fork: true }
      : base;
  return {
    name: "pull_request",
    ref: `refs/pull/${number}/merge`,
    sha,
    repository,
    actor,
    headRef,
    baseRef,
    payload: {
      action: details.action ?? "synchronize",
      number,
      pull_request: {
        number,
        state: "open",
        draft: false,
        title: "Fix a typo",
        html_url: `https://github.com/${repository}/pull/${number}`,
        created_at: utc(timestamp),
        updated_at: utc(timestamp),
        merge_commit_sha: sha,
        user: userPayload(actor),
        head: {
          label: `${ownerOf(head.full_name)}:${headRef}`,
          ref: headRef,
          sha: headSha,
          user: head.owner,
          repo: head,
        },
        base: {
          label: `${ownerOf(repository)}:${baseRef}`,
          ref: baseRef,
          sha: hexOf("base"),
          user: base.owner,
          repo: base,
        },
      },
      repository: base,
      sender: userPayload(actor),
    },
  };
}

/** A deleted branch or tag: GitHub reports it as a push to nothing. */
export function deleteRef(ref: string, details: EventDetails = {}): WorkflowEvent {
  const event = push(ref, details, { created: false, base_ref: null, before: hexOf("head") });
  return {
    ...event,
    payload: { ...event.payload, deleted: true, after: noCommit, head_commit: null, commits: [] },
  };
}

/** A workflow started by hand, on a branch or a tag; the payload names no commit. */
export function dispatch(
  ref: string,
  inputs: Readonly<Record<string, string>> = {},
  details: EventDetails = {},
): WorkflowEvent {
  const { repository, actor } = { ...defaults, ...details };
  return {
    name: "workflow_dispatch",
    ref,
    sha: details.sha ?? hexOf("head"),
    repository,
    actor,
    headRef: "",
    baseRef: "",
    inputs,
    payload: {
      ref,
      inputs,
      repository: repositoryPayload(repository, details.private ?? defaults.private),
      sender: userPayload(actor),
    },
  };
}

/** A group of pull requests in a merge queue. */
export function mergeGroup(details: EventDetails = {}): WorkflowEvent {
  const { repository, actor, timestamp, message } = { ...defaults, ...details };
  const sha = details.sha ?? hexOf("merge group");
  const ref = `refs/heads/gh-readonly-queue/main/pr-7-${hexOf("base")}`;
  return {
    name: "merge_group",
    ref,
    sha,
    repository,
    actor,
    headRef: "",
    baseRef: "",
    payload: {
      action: "checks_requested",
      merge_group: {
        head_sha: sha,
        head_ref: ref,
        base_sha: hexOf("base"),
        base_ref: "refs/heads/main",
        head_commit: { id: sha, tree_id: hexOf(`tree of ${sha}`), message, timestamp },
      },
      repository: repositoryPayload(repository, details.private ?? defaults.private),
      sender: userPayload(actor),
    },
  };
}

function push(
  ref: string,
  details: EventDetails,
  what: { readonly created: boolean; readonly base_ref: string | null; readonly before: string },
): WorkflowEvent {
  const { repository, actor, timestamp, message } = { ...defaults, ...details };
  const sha = details.sha ?? hexOf("head");
  const person = { name: actor, email: `${actor}@users.noreply.github.com`, username: actor };
  const commit = {
    id: sha,
    tree_id: hexOf(`tree of ${sha}`),
    distinct: true,
    message,
    timestamp,
    url: `https://github.com/${repository}/commit/${sha}`,
    author: person,
    committer: person,
    added: [],
    removed: [],
    modified: ["site/content/index.md"],
  };
  return {
    name: "push",
    ref,
    sha,
    repository,
    actor,
    headRef: "",
    baseRef: "",
    payload: {
      ref,
      before: what.before,
      after: sha,
      created: what.created,
      deleted: false,
      forced: false,
      base_ref: what.base_ref,
      compare: `https://github.com/${repository}/compare/${sha.slice(0, 12)}`,
      // A push of a tag lists no commits; head_commit is there for both.
      commits: ref.startsWith("refs/tags/") ? [] : [commit],
      head_commit: commit,
      repository: repositoryPayload(repository, details.private ?? defaults.private),
      pusher: { name: actor, email: person.email },
      sender: userPayload(actor),
    },
  };
}

function repositoryPayload(repository: string, isPrivate: boolean) {
  return {
    id: idOf(repository),
    name: nameOf(repository),
    full_name: repository,
    private: isPrivate,
    visibility: isPrivate ? "private" : "public",
    owner: userPayload(ownerOf(repository)),
    html_url: `https://github.com/${repository}`,
    clone_url: `https://github.com/${repository}.git`,
    fork: false,
    default_branch: "main",
  };
}

function userPayload(login: string) {
  return { login, id: idOf(login), type: "User", html_url: `https://github.com/${login}` };
}

export function ownerOf(repository: string): string {
  return repository.split("/")[0] ?? "";
}

export function nameOf(repository: string): string {
  return repository.split("/")[1] ?? "";
}

/** A numeric id that is the same in every run. */
export function idOf(name: string): number {
  return Number.parseInt(hexOf(name).slice(0, 7), 16);
}

function hexOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

function utc(timestamp: string): string {
  return new Date(timestamp).toISOString().replace(".000Z", "Z");
}
