import { type Contexts, type ContextValue, evaluate, interpolate, isTruthy } from "../action/expression.ts";
import { calledWorkflow, inputsContext } from "./called-workflow.ts";
import type { CallJob, Job, StepsJob, Variables } from "./document.ts";
import { concurrencyOf, contextsOf, type Frame } from "./frame.ts";
import { runJob } from "./job.ts";
import { createJobState } from "./job-state.ts";
import { matrixOf } from "./matrix.ts";
import { effectivePermissions, type Permissions } from "./permissions.ts";
import { preparePlace } from "./place.ts";
import type { JobRun, Outcome } from "./result.ts";

/** What a job is to those that need it. */
interface Settled {
  readonly id: string;
  readonly result: Outcome;
  readonly outputs: Readonly<Record<string, string>>;
  /** What ran for it: several for a matrix or a call. */
  readonly runs: readonly JobRun[];
}

/** Runs every job of a workflow, in the order that `needs` demands. */
export async function runFrame(frame: Frame): Promise<readonly Settled[]> {
  const { workflow } = frame;
  const running = new Map<string, Promise<Settled>>();
  // The parser has refused cycles, so this starts every job exactly once.
  const start = (id: string): Promise<Settled> => {
    const job = workflow.jobs.find((candidate) => candidate.id === id);
    if (job === undefined) throw new Error(`${workflow.path} has no job "${id}".`);
    const started = running.get(id) ?? startJob(job, frame, start);
    running.set(id, started);
    return started;
  };
  const settled = await Promise.allSettled(workflow.jobs.map(({ id }) => start(id)));
  return settled.map((job) => {
    if (job.status === "rejected") throw job.reason;
    return job.value;
  });
}

async function startJob(job: Job, frame: Frame, start: (id: string) => Promise<Settled>): Promise<Settled> {
  const { workflow, options } = frame;
  const needed = await Promise.all(job.needs.map(start));
  const needs = Object.fromEntries(
    needed.map(({ id, result, outputs }): [string, ContextValue] => [id, { result, outputs }]),
  );
  // success() and failure() look at the whole chain: a job behind a skipped one is skipped too (actions/runner#491).
  const chain = await ancestors(job, frame, start);
  const permissions = effectivePermissions(
    workflow.permissions,
    job.permissions,
    options.event,
    frame.granted,
  );
  const contexts = { ...contextsOf(frame), needs };
  const runs = evaluate(job.condition, contexts, {
    always: () => true,
    cancelled: () => false,
    success: () => chain.every(({ result }) => result === "success"),
    failure: () => chain.some(({ result }) => result === "failure"),
  });
  const known = {
    id: `${frame.prefix}${job.id}`,
    name: job.name,
    permissions,
    concurrency: concurrencyOf(job.concurrency, contexts),
  };
  if (!isTruthy(runs)) {
    const skipped: JobRun = {
      ...known,
      runsOn: "",
      result: "skipped",
      outputs: {},
      steps: [],
      durationMilliseconds: 0,
    };
    return { id: job.id, result: "skipped", outputs: {}, runs: [skipped] };
  }
  if (job.kind === "call") return callWorkflow(job, frame, permissions, contexts);
  const combinations =
    typeof job.matrix === "string"
      ? matrixOf(evaluate(job.matrix.replace(/^\s*\$\{\{|\}\}\s*$/g, ""), contexts), job.id)
      : job.matrix;
  if (typeof combinations === "string") throw new Error(`The matrix of the job ${job.id} is not an object.`);
  const all = await Promise.all(
    combinations.map((matrix) => {
      const suffix = Object.keys(matrix).length === 0 ? "" : ` (${Object.values(matrix).join(", ")})`;
      return runCombination(job, matrix, { ...known, id: known.id + suffix }, needs, frame);
    }),
  );
  const goesOn = interpolate(job.continueOnError, contexts) === "true";
  const failed = all.some(({ result }) => result === "failure") && !goesOn;
  return {
    id: job.id,
    result: failed ? "failure" : "success",
    outputs: Object.assign({}, ...all.map(({ outputs }) => outputs)),
    runs: goesOn ? all.map((run) => ({ ...run, result: "success" as const })) : all,
  };
}

async function runCombination(
  job: StepsJob,
  matrix: Variables,
  known: Pick<JobRun, "id" | "name" | "permissions" | "concurrency">,
  needs: { readonly [job: string]: ContextValue },
  frame: Frame,
): Promise<JobRun> {
  const { options, workflow } = frame;
  const { place, token } = await preparePlace(job, known, frame);
  const secrets = { ...frame.secrets, GITHUB_TOKEN: token };
  for (const secret of Object.values(secrets)) place.masks.add(secret);
  const state = createJobState({
    github: place.github("__self", ""),
    machine: place.machine,
    runnerVariables: { ...options.runnerVariables, ORIGIN_MIRRORS: options.mirrors ?? "" },
    variables: options.variables ?? {},
    secrets,
    needs,
    inputs: frame.inputs,
    matrix,
    env: [workflow.env, job.env],
  });
  return {
    ...known,
    name: interpolate(job.name, state.contexts({})),
    runsOn: interpolate(job.runsOn, state.contexts({})),
    ...(await runJob(job, workflow.shell, place, state, (step) => options.onStep?.(known.id, step))),
  };
}

/** Runs a called workflow; its outputs are the calling job's. */
async function callWorkflow(
  job: CallJob,
  frame: Frame,
  granted: Permissions,
  contexts: Contexts,
): Promise<Settled> {
  const { options } = frame;
  const located = await calledWorkflow(job, frame, options.repositories ?? {});
  const given = (texts: Variables) =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, interpolate(text, contexts)]));
  const secrets =
    job.secrets === "inherit"
      ? frame.secrets
      : Object.fromEntries(
          Object.entries(job.secrets).map(([name, text]) => [
            name,
            interpolate(text, { ...contexts, secrets: frame.secrets }),
          ]),
        );
  const settled = await runFrame({
    ...located,
    options,
    folder: frame.folder,
    prefix: `${frame.prefix}${job.id}/`,
    inputs: inputsContext(located.workflow.inputs.call, given(job.inputs), located.workflow.path),
    secrets,
    granted,
  });
  const jobs = Object.fromEntries(
    settled.map(({ id, result, outputs }): [string, ContextValue] => [id, { result, outputs }]),
  );
  const outputs = Object.fromEntries(
    Object.entries(located.workflow.outputs).map(([name, text]) => [name, interpolate(text, { jobs })]),
  );
  const failed = settled.some(({ result }) => result === "failure");
  return {
    id: job.id,
    result: failed ? "failure" : "success",
    outputs,
    runs: settled.flatMap(({ runs }) => runs),
  };
}

async function ancestors(
  job: Job,
  { workflow }: Frame,
  start: (id: string) => Promise<Settled>,
): Promise<readonly Settled[]> {
  const ids = new Set<string>();
  const visit = (id: string) => {
    if (ids.has(id)) return;
    ids.add(id);
    for (const need of workflow.jobs.find((candidate) => candidate.id === id)?.needs ?? []) visit(need);
  };
  for (const need of job.needs) visit(need);
  return Promise.all([...ids].map(start));
}
