import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

/** What was pushed, as far as tags and names follow from it. */
export type Pushed =
  | { readonly kind: "tag"; readonly name: string }
  | { readonly kind: "branch"; readonly name: string }
  | { readonly kind: "pull-request"; readonly number: number }
  /** A ref that is none of these; nothing is named after it by itself. */
  | { readonly kind: "other"; readonly ref: string };

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

/** The parts of an event's payload that are looked at; anything may stand in them. */
interface Payload {
  readonly pull_request?: { readonly number?: unknown; readonly head?: { readonly sha?: unknown } };
  readonly head_commit?: { readonly timestamp?: unknown } | null;
}

/**
 * Reads the event from the variables that the runner sets. `@actions/github` would do it too, but when it is imported:
 * before an action can say what is wrong with them.
 *
 * @throws Error naming the variable that is missing or malformed.
 */
export function readEvent(environment: NodeJS.ProcessEnv = process.env): GitHubEvent {
  const required = (name: string, form: RegExp) => {
    const value = environment[name] ?? "";
    if (form.test(value)) return value;
    throw new Error(
      `The runner's variable ${name} is "${value}", which cannot be; this runs in a GitHub Actions job only.`,
    );
  };
  const name = environment.GITHUB_EVENT_NAME ?? "";
  const payload = readPayload(environment.GITHUB_EVENT_PATH);
  const [owner = "", repository = ""] = required("GITHUB_REPOSITORY", /^[^/\s]+\/[^/\s]+$/).split("/");
  const pushed = pushedBy(name, environment.GITHUB_REF ?? "", payload);
  const head = pushed.kind === "pull-request" ? headOf(payload) : undefined;
  return {
    name,
    pushed,
    sha: head ?? required("GITHUB_SHA", /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
    repository: { owner, name: repository },
    serverUrl: (environment.GITHUB_SERVER_URL
      ? required("GITHUB_SERVER_URL", /^https?:\/\/[^/\s:]+(?::[0-9]{1,5})?\/?$/)
      : "https://github.com"
    ).replace(/\/$/, ""),
    actor: environment.GITHUB_ACTOR ?? "",
    payloadEpoch: epochOf(payload),
  };
}

/** @throws Error when the file is there but holds something else than a JSON object. */
function readPayload(path: string | undefined): Payload {
  if (path === undefined || path === "") return {};
  try {
    const payload: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof payload === "object" && payload !== null) return payload;
  } catch (cause) {
    throw new Error(`The event's payload in ${path} (GITHUB_EVENT_PATH) cannot be read.`, { cause });
  }
  throw new Error(`The event's payload in ${path} (GITHUB_EVENT_PATH) is not an object.`);
}

function pushedBy(event: string, ref: string, payload: Payload): Pushed {
  const [, kind, name = ""] = /^refs\/(tags|heads|pull)\/(.+)$/.exec(ref) ?? [];
  if (kind === "tags") return { kind: "tag", name };
  // pull_request_target and the like run on the base branch; what they are about is still the pull request.
  if (kind === "pull" || event.startsWith("pull_request")) {
    const number = Number(payload.pull_request?.number ?? Number.parseInt(name, 10));
    return Number.isSafeInteger(number) ? { kind: "pull-request", number } : { kind: "other", ref };
  }
  return kind === "heads" ? { kind: "branch", name } : { kind: "other", ref };
}

function headOf({ pull_request }: Payload): string | undefined {
  const sha = pull_request?.head?.sha;
  return typeof sha === "string" && /^[0-9a-f]{40,64}$/.test(sha) ? sha : undefined;
}

function epochOf({ head_commit }: Payload): number | undefined {
  const timestamp = head_commit?.timestamp;
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
