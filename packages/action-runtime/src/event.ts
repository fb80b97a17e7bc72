import type { context as githubContext } from "@actions/github";
import { isObject } from "@spin-publisher/json";

/** What was pushed, as far as tags and names follow from it. */
export type Pushed =
  | { readonly kind: "tag"; readonly name: string }
  | { readonly kind: "branch"; readonly name: string }
  | { readonly kind: "pull-request"; readonly number: number }
  /** Any other ref: no tag follows from it. */
  | { readonly kind: "other"; readonly ref: string };

/** The event that started the workflow. */
export interface GitHubEvent {
  readonly name: string;
  readonly pushed: Pushed;
  /** The branch that a pull request, or a group of them in a merge queue, is to be merged into; absent for others. */
  readonly base?: string;
  /** The commit it is about; for a pull request its head, not the merge commit that GITHUB_SHA names. */
  readonly sha: string;
  readonly repository: { readonly owner: string; readonly name: string };
  /** `public`, `private` or `internal`; undefined where the payload does not say. */
  readonly visibility?: string | undefined;
  /** `https://github.com` or the Enterprise Server. */
  readonly serverUrl: string;
  readonly actor: string;
  /** Commit time from the event's payload in seconds, where it has one. */
  readonly payloadEpoch: number | undefined;
  /** The run of the workflow, as in its address. */
  readonly runId: number | undefined;
}

/** The part of `@actions/github`'s `context` that is read here; every field may be missing or malformed. */
export type RunContext = Pick<
  typeof githubContext,
  "eventName" | "ref" | "sha" | "actor" | "serverUrl" | "runId" | "payload" | "repo"
>;

/**
 * Reads the event with `@actions/github`. Its `context` is made when it is imported, and that throws where the payload
 * is malformed: so it is imported here, where the error gets a sentence of ours.
 *
 * @throws Error naming the variable that is missing or malformed.
 */
export async function readEvent(): Promise<GitHubEvent> {
  const { context } = await import("./github-context.ts").catch((cause: unknown) => {
    throw new Error("The event's payload (the file that GITHUB_EVENT_PATH names) is not valid JSON.", {
      cause,
    });
  });
  return eventOf(context);
}

/** @throws Error naming the runner's variable that is missing or malformed. */
export function eventOf(context: RunContext): GitHubEvent {
  const { eventName, serverUrl, actor } = context;
  const payload: unknown = context.payload;
  if (!isObject(payload)) {
    throw new Error("The event's payload (the file that GITHUB_EVENT_PATH names) is not a JSON object.");
  }
  const ref = context.ref ?? "";
  const pushed = pushedBy(eventName ?? "", ref, payload);
  const head = pushed.kind === "pull-request" ? headOf(payload) : undefined;
  const base = baseOf(payload);
  const server = serverUrl || "https://github.com";
  return {
    name: eventName ?? "",
    pushed,
    ...(base === undefined ? {} : { base }),
    sha: head ?? required("GITHUB_SHA", context.sha, /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
    repository: repositoryOf(context),
    visibility: visibilityIn(payload),
    serverUrl: required("GITHUB_SERVER_URL", server, /^https?:\/\/[^/\s:]+(?::[0-9]{1,5})?\/?$/).replace(
      /\/$/,
      "",
    ),
    actor: actor ?? "",
    payloadEpoch: epochOf(payload),
    runId: Number.isSafeInteger(context.runId) ? context.runId : undefined,
  };
}

function required(variable: string, value: string | undefined, form: RegExp): string {
  if (value !== undefined && form.test(value)) return value;
  throw new Error(
    `The runner's variable ${variable} is "${value ?? ""}", which is invalid; this action runs in a GitHub Actions job only.`,
  );
}

function repositoryOf(context: RunContext): GitHubEvent["repository"] {
  let [owner, name]: (string | undefined)[] = [];
  try {
    ({ owner, repo: name } = context.repo);
  } catch {
    // the variable is not set, and the payload names no repository either
  }
  const full = [owner, name].filter((part) => part !== undefined).join("/");
  required("GITHUB_REPOSITORY", full, /^[^/\s]+\/[^/\s]+$/);
  return { owner: owner ?? "", name: name ?? "" };
}

/** Payloads before 2020 say only whether it is private. */
function visibilityIn({ repository }: Payload): string | undefined {
  const { visibility, private: isPrivate } = isObject(repository) ? repository : {};
  if (typeof visibility === "string") return visibility;
  return typeof isPrivate === "boolean" ? (isPrivate ? "private" : "public") : undefined;
}

type Payload = Readonly<Record<string, unknown>>;

function pushedBy(event: string, ref: string, payload: Payload): Pushed {
  const [, kind, name = ""] = /^refs\/(tags|heads|pull)\/(.+)$/.exec(ref) ?? [];
  if (kind === "tags") return { kind: "tag", name };
  // pull_request_target and the like run on the base branch; what they are about is still the pull request.
  if (kind === "pull" || event.startsWith("pull_request")) {
    const request = payload.pull_request;
    const number = Number((isObject(request) ? request.number : undefined) ?? Number.parseInt(name, 10));
    return Number.isSafeInteger(number) ? { kind: "pull-request", number } : { kind: "other", ref };
  }
  return kind === "heads" ? { kind: "branch", name } : { kind: "other", ref };
}

function headOf({ pull_request: request }: Payload): string | undefined {
  const head = isObject(request) ? request.head : undefined;
  const sha = isObject(head) ? head.sha : undefined;
  return typeof sha === "string" && /^[0-9a-f]{40,64}$/.test(sha) ? sha : undefined;
}

function baseOf({ pull_request: request, merge_group: group }: Payload): string | undefined {
  const base = isObject(request) ? request.base : undefined;
  const ref = isObject(base) ? base.ref : isObject(group) ? group.base_ref : undefined;
  return typeof ref === "string" && ref !== "" ? ref.replace(/^refs\/heads\//, "") : undefined;
}

function epochOf({ head_commit: commit }: Payload): number | undefined {
  const timestamp = isObject(commit) ? commit.timestamp : undefined;
  const milliseconds = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}
