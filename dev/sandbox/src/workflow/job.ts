import { mask } from "../action/commands.ts";
import { evaluate, interpolate, isTruthy } from "../action/expression.ts";
import type { StepResult } from "../action/step.ts";
import type { Step, StepsJob, Variables } from "./document.ts";
import type { JobState } from "./job-state.ts";
import type { JobRun, Outcome, StepRun } from "./result.ts";
import { type JobPlace, type PostScript, runAction, runScript, type StepEnd } from "./step.ts";

/** GitHub's own limit where a job names none. */
const defaultTimeoutMinutes = 360;

/**
 * Runs the steps of a job one after the other, then the post scripts of its actions in reverse order.
 *
 * @param onStep receives every step that was not skipped.
 */
export async function runJob(
  job: StepsJob,
  shell: string | undefined,
  place: JobPlace,
  state: JobState,
  onStep: (step: StepRun) => void,
): Promise<Pick<JobRun, "result" | "outputs" | "steps" | "durationMilliseconds">> {
  const started = performance.now();
  const deadline = started + (job.timeoutMinutes ?? defaultTimeoutMinutes) * 60_000;
  const steps: StepRun[] = [];
  const posts: Array<{ readonly name: string; readonly post: PostScript }> = [];

  const tell = (step: StepRun) => {
    steps.push(step);
    if (step.outcome !== "skipped") onStep(step);
  };
  for (const [index, step] of job.steps.entries()) {
    place.signal?.throwIfAborted();
    const name = interpolate(step.name, state.contexts(state.stepEnv(step.env)), state.functions);
    if (!holds(step.condition, step.env, state)) {
      state.record(step.id, {}, "skipped", "skipped");
      tell({ id: step.id, name, outcome: "skipped", conclusion: "skipped", ...nothing });
      continue;
    }
    const begun = performance.now();
    const limit = Math.min(deadline - begun, (step.timeoutMinutes ?? defaultTimeoutMinutes) * 60_000);
    const { result, post } = await runStep(step, job.shell ?? shell, index, place, state, limit);
    const outcome = outcomeOf(result);
    const goesOn = interpolate(step.continueOnError, state.contexts({}), state.functions) === "true";
    const conclusion = outcome === "failure" && goesOn ? "success" : outcome;
    state.apply(result);
    state.record(step.id, result.outputs, outcome, conclusion);
    if (post !== undefined) posts.unshift({ name: `Post ${name}`, post });
    tell({ id: step.id, name, outcome, conclusion, ...said(result, begun) });
  }
  for (const { name, post } of posts) {
    if (!holds(post.condition, {}, state)) continue;
    const begun = performance.now();
    const result = await post.run();
    const outcome = outcomeOf(result);
    state.record(undefined, {}, outcome, outcome);
    tell({ id: undefined, name, outcome, conclusion: outcome, ...said(result, begun) });
  }
  return {
    result: state.failed ? "failure" : "success",
    outputs: outputsOf(job, place, state),
    steps,
    durationMilliseconds: performance.now() - started,
  };
}

type Said = Pick<StepRun, "outputs" | "log" | "annotations" | "summary" | "durationMilliseconds">;

const nothing: Said = { outputs: {}, log: "", annotations: [], summary: "", durationMilliseconds: 0 };

function said({ outputs, log, annotations, summary }: StepResult, begun: number): Said {
  return { outputs, log, annotations, summary, durationMilliseconds: performance.now() - begun };
}

function outcomeOf({ exitCode }: StepResult): Outcome {
  return exitCode === 0 ? "success" : "failure";
}

function runStep(
  step: Step,
  shell: string | undefined,
  index: number,
  place: JobPlace,
  state: JobState,
  limit: number,
): Promise<StepEnd> {
  return step.kind === "run"
    ? runScript(step, step.shell ?? shell, index, place, state, limit)
    : runAction(step, place, state, limit);
}

function holds(condition: string, env: Variables, state: JobState): boolean {
  return isTruthy(evaluate(condition, state.contexts(state.stepEnv(env)), state.functions));
}

/** @throws Error when an output holds a secret: GitHub drops it, and the jobs that need it find it empty. */
function outputsOf(job: StepsJob, place: JobPlace, state: JobState): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(job.outputs).map(([name, text]) => {
      const value = interpolate(text, state.contexts(state.stepEnv({})), state.functions);
      if (mask(value, place.masks) !== value)
        throw new Error(`The output ${name} of the job ${job.id} holds a secret, so GitHub would drop it.`);
      return [name, value];
    }),
  );
}
