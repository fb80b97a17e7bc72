import { githubContext, type RunIdentity } from "../action/context.ts";
import type { WorkflowEvent } from "../action/event.ts";
import { type Contexts, type ContextValue, interpolate } from "../action/expression.ts";
import type { Machine } from "../action/machine.ts";
import type { Located, Repositories } from "./called-workflow.ts";
import type { Concurrency, Variables } from "./document.ts";
import type { Permissions } from "./permissions.ts";
import type { JobRun, StepRun } from "./result.ts";
import type { StandIn } from "./third-party.ts";

export interface WorkflowOptions {
  /** The workflow file, inside `workspace`. */
  readonly file: string;
  readonly event: WorkflowEvent;
  /** The checkout. It is not written to: every job gets a copy when it checks out. */
  readonly workspace: string;
  /** Repository variables, the `vars` context. */
  readonly variables?: Variables;
  readonly secrets?: Variables;
  /** `ORIGIN_MIRRORS` of every step. */
  readonly mirrors?: string;
  /** The job's token; by default one that no registry knows. */
  readonly issueToken?: (repository: string, permissions: Permissions) => string;
  /** For actions by others, on top of checkout and setup-node: `owner/name` → stand-in. */
  readonly standIns?: Readonly<Record<string, StandIn>>;
  /** Where the jobs' folders are made. Kept when given; otherwise removed afterwards. */
  readonly temp?: string;
  readonly machine?: Partial<Machine>;
  /** What the machine's administrator has set for every process: proxies, certificates. */
  readonly runnerVariables?: Variables;
  /** For node actions only: the services behind caches, artifacts and identity tokens. */
  readonly serviceVariables?: Variables;
  /** Cancels the run: running processes get the runner's signals, and nothing more starts. */
  readonly signal?: AbortSignal;
  readonly serverUrl?: string;
  /** Other repositories whose workflows are called. */
  readonly repositories?: Repositories;
  readonly onStep?: (job: string, step: StepRun) => void;
}

/** A workflow in a run: the one that an event starts, or one that a job calls. */
export interface Frame extends Located {
  readonly options: WorkflowOptions;
  /** Where the jobs' folders are made. */
  readonly folder: string;
  /** In front of the ids of its jobs. */
  readonly prefix: string;
  readonly inputs: { readonly [name: string]: ContextValue };
  readonly secrets: Variables;
  /** What the calling job has; undefined for the outermost. */
  readonly granted: Permissions | undefined;
}

/** What expressions outside of steps may use. */
export function contextsOf(frame: Frame): Contexts {
  const github = githubContext(frame.options.event, identityOf(frame));
  return { github, vars: frame.options.variables ?? {}, inputs: frame.inputs };
}

export function identityOf({
  workflow: { name, path },
  options: { serverUrl },
}: Frame): Partial<RunIdentity> {
  return { workflow: name, workflowPath: path, ...(serverUrl === undefined ? {} : { serverUrl }) };
}

export function concurrencyOf(
  concurrency: Concurrency | undefined,
  contexts: Contexts,
): JobRun["concurrency"] {
  if (concurrency === undefined) return undefined;
  return {
    group: interpolate(concurrency.group, contexts),
    cancelInProgress: interpolate(concurrency.cancelInProgress, contexts) === "true",
    queue: concurrency.queue,
  };
}
