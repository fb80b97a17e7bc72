import { delimiter } from "node:path";
import { type GitHubContext, githubVariables } from "../action/context.ts";
import {
  type Contexts,
  type ContextValue,
  type ExpressionFunctions,
  interpolate,
} from "../action/expression.ts";
import type { StepFiles } from "../action/files.ts";
import { type Machine, machineVariables, runnerContext } from "../action/machine.ts";
import type { Variables } from "./document.ts";
import type { Outcome } from "./result.ts";

/** What a job's steps pass to each other, and their environment. */
export interface JobState {
  /** The contexts of an expression in a step with this environment. */
  contexts(env: Variables): Contexts;
  readonly functions: ExpressionFunctions;
  /** `env:` of the workflow, the job and the step, evaluated, with what earlier steps put into GITHUB_ENV. */
  stepEnv(env: Variables): Record<string, string>;
  /** The whole environment of a process. What the runner itself sets cannot be overwritten. */
  processEnv(env: Readonly<Record<string, string>>, github: GitHubContext): Record<string, string>;
  /** Takes over what a step left for later ones. */
  apply(left: Pick<StepFiles, "env" | "paths">): void;
  record(
    id: string | undefined,
    outputs: Readonly<Record<string, string>>,
    outcome: Outcome,
    conclusion: Outcome,
  ): void;
  readonly failed: boolean;
}

export interface JobFacts {
  readonly github: GitHubContext;
  readonly machine: Machine;
  readonly runnerVariables: Variables;
  readonly variables: Variables;
  readonly secrets: Variables;
  readonly needs: { readonly [job: string]: ContextValue };
  readonly inputs: { readonly [name: string]: ContextValue };
  /** This job's combination. */
  readonly matrix: Variables;
  /** Of the workflow and the job, in this order; values may hold expressions. */
  readonly env: readonly Variables[];
}

export function createJobState(facts: JobFacts): JobState {
  const added: Record<string, string> = {};
  const paths: string[] = [];
  const steps: Record<string, ContextValue> = {};
  let failed = false;

  const contexts = (env: Variables): Contexts => ({
    github: facts.github,
    env,
    vars: facts.variables,
    secrets: facts.secrets,
    needs: facts.needs,
    steps,
    inputs: facts.inputs,
    strategy: {},
    matrix: facts.matrix,
    runner: runnerContext(facts.machine),
    job: { status: failed ? "failure" : "success" },
  });
  const functions: ExpressionFunctions = {
    always: () => true,
    cancelled: () => false,
    success: () => !failed,
    failure: () => failed,
  };

  return {
    contexts,
    functions,
    stepEnv(stepEnv) {
      const layers = [...facts.env, added, stepEnv];
      const env: Record<string, string> = {};
      for (const layer of layers)
        for (const [name, text] of Object.entries(layer))
          env[name] = layer === added ? text : interpolate(text, contexts({ ...env }), functions);
      return env;
    },
    processEnv(env, github) {
      const machine = machineVariables(facts.machine);
      const { PATH = machine.PATH ?? "", ...others } = env;
      const { PATH: _path, HOME, USER, LANG, XDG_CONFIG_HOME, ...protectedVariables } = machine;
      const overridable = { HOME, USER, LANG, XDG_CONFIG_HOME, ...facts.runnerVariables };
      const given = Object.entries({
        ...overridable,
        ...others,
        ...protectedVariables,
        ...githubVariables(github),
      });
      return {
        ...Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
        PATH: [...paths, PATH].join(delimiter),
      };
    },
    apply(left) {
      Object.assign(added, left.env);
      for (const path of left.paths) paths.unshift(path);
    },
    record(id, outputs, outcome, conclusion) {
      if (id !== undefined) steps[id] = { outputs, outcome, conclusion };
      if (conclusion === "failure") failed = true;
    },
    get failed() {
      return failed;
    },
  };
}
