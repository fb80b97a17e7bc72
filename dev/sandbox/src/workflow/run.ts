import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { githubContext, type RunIdentity } from "../action/context.ts";
import type { WorkflowEvent } from "../action/event.ts";
import { type Contexts, type ContextValue, evaluate, interpolate, isTruthy } from "../action/expression.ts";
import { createMachine, type Machine, writeEventFile } from "../action/machine.ts";
import { type Concurrency, type Job, readWorkflow, type Variables, type Workflow } from "./document.ts";
import { isTriggered } from "./filters.ts";
import { runJob } from "./job.ts";
import { createJobState } from "./job-state.ts";
import { effectivePermissions, isFromFork, type Permissions } from "./permissions.ts";
import type { JobRun, StepRun, WorkflowRun } from "./result.ts";
import type { JobPlace } from "./step.ts";
import { type StandIn, standIns } from "./third-party.ts";

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
  /** What whoever runs the machine has set for every process: proxies, certificates. */
  readonly runnerVariables?: Variables;
  /** For node actions only: the services behind caches, artifacts and identity tokens. */
  readonly serviceVariables?: Variables;
  /** Cancels the run: what runs is told as by a runner, what has not begun does not begin. */
  readonly signal?: AbortSignal;
  readonly serverUrl?: string;
  readonly onStep?: (job: string, step: StepRun) => void;
}

/**
 * Runs a workflow file for an event as GitHub would: its triggers decide whether, `needs` and `if` decide which jobs,
 * each job on a machine of its own with a token of its own permissions.
 *
 * @throws Error when the file is no workflow, uses what the sandbox does not carry out, or does what a runner
 *   punishes. A failed step is no error; it is the result.
 */
export async function runWorkflow(options: WorkflowOptions): Promise<WorkflowRun> {
  const path = relative(options.workspace, resolve(options.file));
  const workflow = await readWorkflow(path, await readFile(options.file, "utf8"));
  if (!isTriggered(workflow.triggers, options.event))
    return { triggered: false, conclusion: "skipped", concurrency: undefined, jobs: [] };
  const root = options.temp ?? (await mkdtemp(join(tmpdir(), "workflow-")));
  try {
    const contexts = workflowContexts(workflow, options);
    const running = new Map<string, Promise<JobRun>>();
    // The parser has refused cycles, so this starts every job exactly once.
    const start = (id: string): Promise<JobRun> => {
      const job = workflow.jobs.find((candidate) => candidate.id === id);
      if (job === undefined) throw new Error(`${path} has no job "${id}".`);
      const started = running.get(id) ?? startJob(job, workflow, options, contexts, root, start);
      running.set(id, started);
      return started;
    };
    const settled = await Promise.allSettled(workflow.jobs.map(({ id }) => start(id)));
    const jobs = settled.map((job) => {
      if (job.status === "rejected") throw job.reason;
      return job.value;
    });
    return {
      triggered: true,
      conclusion: jobs.some(({ result }) => result === "failure") ? "failure" : "success",
      concurrency: concurrencyOf(workflow.concurrency, contexts),
      jobs,
    };
  } finally {
    if (options.temp === undefined) await rm(root, { recursive: true, force: true });
  }
}

async function startJob(
  job: Job,
  workflow: Workflow,
  options: WorkflowOptions,
  contexts: Contexts,
  root: string,
  start: (id: string) => Promise<JobRun>,
): Promise<JobRun> {
  const needed = await Promise.all(job.needs.map(start));
  const needs = Object.fromEntries(
    needed.map(({ id, result, outputs }): [string, ContextValue] => [id, { result, outputs }]),
  );
  // success() and failure() look at the whole chain: a job behind a skipped one is skipped too (actions/runner#491).
  const chain = await ancestors(job, workflow, start);
  const permissions = effectivePermissions(workflow.permissions, job.permissions, options.event);
  const known = {
    id: job.id,
    name: job.name,
    permissions,
    concurrency: concurrencyOf(job.concurrency, { ...contexts, needs }),
  };
  const runs = evaluate(
    job.condition,
    { ...contexts, needs },
    {
      always: () => true,
      cancelled: () => false,
      success: () => chain.every(({ result }) => result === "success"),
      failure: () => chain.some(({ result }) => result === "failure"),
    },
  );
  if (!isTruthy(runs))
    return { ...known, result: "skipped", outputs: {}, steps: [], durationMilliseconds: 0 };

  const { place, token } = await preparePlace(job, workflow, permissions, options, root);
  const secrets = { ...(isFromFork(options.event) ? {} : options.secrets), GITHUB_TOKEN: token };
  for (const secret of Object.values(secrets)) place.masks.add(secret);
  const state = createJobState({
    github: place.github("__self", ""),
    machine: place.machine,
    runnerVariables: { ...options.runnerVariables, ORIGIN_MIRRORS: options.mirrors ?? "" },
    variables: options.variables ?? {},
    secrets,
    needs,
    env: [workflow.env, job.env],
  });
  return {
    ...known,
    ...(await runJob(job, workflow.shell, place, state, (step) => options.onStep?.(job.id, step))),
  };
}

/** A machine of the job's own, with an empty workspace and a fresh token. */
async function preparePlace(
  job: Job,
  workflow: Workflow,
  permissions: Permissions,
  options: WorkflowOptions,
  root: string,
): Promise<{ readonly place: JobPlace; readonly token: string }> {
  const { event } = options;
  const folder = join(root, job.id);
  const workspace = join(folder, "work");
  await rm(folder, { recursive: true, force: true });
  await mkdir(workspace, { recursive: true });
  const machine = await createMachine(folder, options.machine);
  const eventPath = await writeEventFile(machine, event.payload);
  const token = options.issueToken?.(event.repository, permissions) ?? `ghs_unknown_${job.id}`;
  const identity = { ...identityOf(workflow, options), job: job.id, workspace, eventPath, token };
  const github = (action: string, actionPath: string) =>
    githubContext(event, { ...identity, action, actionPath });
  const place: JobPlace = {
    machine,
    workspace,
    source: options.workspace,
    masks: new Set(),
    standIns: { ...standIns, ...options.standIns },
    serviceVariables: options.serviceVariables ?? {},
    signal: options.signal,
    github,
  };
  return { place, token };
}

async function ancestors(
  job: Job,
  workflow: Workflow,
  start: (id: string) => Promise<JobRun>,
): Promise<readonly JobRun[]> {
  const ids = new Set<string>();
  const visit = (id: string) => {
    if (ids.has(id)) return;
    ids.add(id);
    for (const need of workflow.jobs.find((candidate) => candidate.id === id)?.needs ?? []) visit(need);
  };
  for (const need of job.needs) visit(need);
  return Promise.all([...ids].map(start));
}

/** What expressions outside of steps may use. */
function workflowContexts(workflow: Workflow, options: WorkflowOptions): Contexts {
  const github = githubContext(options.event, identityOf(workflow, options));
  return { github, vars: options.variables ?? {}, inputs: {} };
}

function identityOf({ name, path }: Workflow, { serverUrl }: WorkflowOptions): Partial<RunIdentity> {
  return { workflow: name, workflowPath: path, ...(serverUrl === undefined ? {} : { serverUrl }) };
}

function concurrencyOf(concurrency: Concurrency | undefined, contexts: Contexts): JobRun["concurrency"] {
  if (concurrency === undefined) return undefined;
  return {
    group: interpolate(concurrency.group, contexts),
    cancelInProgress: interpolate(concurrency.cancelInProgress, contexts) === "true",
    queue: concurrency.queue,
  };
}
