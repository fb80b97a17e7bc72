import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { context } from "@actions/github";

/** What was pushed, as far as tags and names follow from it. */
export type Pushed =
  | { readonly kind: "tag"; readonly name: string }
  | { readonly kind: "branch"; readonly name: string }
  | { readonly kind: "pull-request"; readonly number: number };

/** The event that started the workflow. */
export interface GitHubEvent {
  readonly name: string;
  readonly pushed: Pushed;
  /** The commit it is about; for a pull request its head, not the merge commit that GITHUB_SHA names. */
  readonly sha: string;
  readonly repository: { readonly owner: string; readonly name: string };
  /** `https://github.com` or the Enterprise Server. */
  readonly serverUrl: string;
  readonly actor: string;
  /** Commit time from the event's payload in seconds, where it has one. */
  readonly payloadEpoch: number | undefined;
}

/** The parts of `@actions/github`'s context that an event is read from. */
export type EventSource = Pick<
  typeof context,
  "eventName" | "ref" | "sha" | "repo" | "serverUrl" | "actor" | "payload"
>;

/** @throws Error when GITHUB_REF names neither a tag, a branch nor a pull request. */
export function readEvent(source: EventSource = context): GitHubEvent {
  const pushed = pushedBy(source);
  return {
    name: source.eventName,
    pushed,
    sha: pushed.kind === "pull-request" ? (headOf(source) ?? source.sha) : source.sha,
    repository: { owner: source.repo.owner, name: source.repo.repo },
    serverUrl: source.serverUrl.replace(/\/+$/, ""),
    actor: source.actor,
    payloadEpoch: epochOf(source),
  };
}

function pushedBy({ eventName, ref, payload }: EventSource): Pushed {
  const [, kind, name] = /^refs\/(tags|heads|pull)\/(.+)$/.exec(ref) ?? [];
  if (kind === "tags" && name !== undefined) return { kind: "tag", name };
  // pull_request_target and the like run on the base branch; what they are about is still the pull request.
  const number = payload.pull_request?.number ?? Number.parseInt(name ?? "", 10);
  if (kind === "pull" || eventName.startsWith("pull_request")) {
    if (Number.isSafeInteger(number)) return { kind: "pull-request", number };
  } else if (kind === "heads" && name !== undefined) return { kind: "branch", name };
  throw new Error(
    `The event ${eventName} runs on "${ref}", which is no tag, branch or pull request; set the input "tag".`,
  );
}

function headOf({ payload }: EventSource): string | undefined {
  const sha: unknown = payload.pull_request?.head?.sha;
  return typeof sha === "string" && /^[0-9a-f]{40,64}$/.test(sha) ? sha : undefined;
}

function epochOf({ payload }: EventSource): number | undefined {
  const timestamp: unknown = payload.head_commit?.timestamp;
  const milliseconds = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

/** Runs a program and resolves to what it printed; rejects when it fails. */
export type Run = (program: string, args: readonly string[]) => Promise<{ readonly stdout: string }>;

/**
 * When the event's commit was made, in seconds: from the checkout where it has the commit, else from the event's
 * payload. Never from the clock: the tag of a commit must not depend on when it was published.
 *
 * @throws Error when neither knows (a `workflow_dispatch` without a checkout, for example).
 */
export async function commitEpoch(event: GitHubEvent, run: Run = promisify(execFile)): Promise<number> {
  let cause: unknown;
  try {
    const { stdout } = await run("git", ["show", "--no-patch", "--format=%ct", event.sha, "--"]);
    const epoch = Number.parseInt(stdout, 10);
    if (Number.isSafeInteger(epoch)) return epoch;
  } catch (error) {
    cause = error;
  }
  if (event.payloadEpoch !== undefined) return event.payloadEpoch;
  throw new Error(
    `The time of commit ${event.sha.slice(0, 8)} is needed for its tag, but there is no checkout with it and the event does not say it; add actions/checkout before this step or set the input "tag".`,
    { cause },
  );
}
