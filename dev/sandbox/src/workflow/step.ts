import { mkdir, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import type { GitHubContext } from "../action/context.ts";
import { type ActionDefinition, readActionDefinition } from "../action/definition.ts";
import { interpolate } from "../action/expression.ts";
import { inputVariables } from "../action/inputs.ts";
import type { Machine } from "../action/machine.ts";
import { requireDeclared, runNodeScript } from "../action/process.ts";
import { runStepProcess, type StepResult } from "../action/step.ts";
import type { RunStep, UsesStep } from "./document.ts";
import type { JobState } from "./job-state.ts";
import { shellCommand } from "./shell.ts";
import type { StandIn } from "./third-party.ts";

/** Where a job runs. */
export interface JobPlace {
  readonly machine: Machine;
  readonly workspace: string;
  /** The checkout that is run. */
  readonly source: string;
  /** The repository of the workflow file: where `$/` points. */
  readonly own: string;
  readonly masks: Set<string>;
  readonly standIns: Readonly<Record<string, StandIn>>;
  /** For node actions only: the services behind caches, artifacts and identity tokens. */
  readonly serviceVariables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /** The `github` context of a step. */
  github(action: string, actionPath: string): GitHubContext;
}

/** An action's script that is to run at the end of the job. */
export interface PostScript {
  readonly condition: string;
  run(): Promise<StepResult>;
}

export interface StepEnd {
  readonly result: StepResult;
  readonly post?: PostScript;
}

/** Runs the script of a `run:` step. */
export async function runScript(
  step: RunStep,
  shell: string | undefined,
  index: number,
  place: JobPlace,
  state: JobState,
  timeoutMilliseconds: number,
): Promise<StepEnd> {
  const env = state.stepEnv(step.env);
  const contexts = state.contexts(env);
  const script = interpolate(step.script, contexts, state.functions);
  const cwd = resolve(place.workspace, interpolate(step.workingDirectory, contexts, state.functions));
  const file = join(place.machine.temp, `script-${index}`);
  const { command, args, extension } = shellCommand(shell, file);
  await writeFile(`${file}${extension}`, script);
  const result = await runStepProcess({
    command,
    args: args.map((arg) => (arg === file ? `${file}${extension}` : arg)),
    cwd,
    env: state.processEnv(env, place.github("__run", "")),
    machine: place.machine,
    masks: place.masks,
    timeoutMilliseconds,
    signal: place.signal,
  });
  return { result };
}

/**
 * Runs the action of a `uses:` step: ours from its `dist/`, anybody else's as its stand-in.
 *
 * @throws Error for an action that is neither.
 */
export async function runAction(
  step: UsesStep,
  place: JobPlace,
  state: JobState,
  timeoutMilliseconds: number,
): Promise<StepEnd> {
  const env = state.stepEnv(step.env);
  const contexts = state.contexts(env);
  const inputs = Object.fromEntries(
    Object.entries(step.inputs).map(([name, text]) => [name, interpolate(text, contexts, state.functions)]),
  );
  const folder = folderOf(step.uses, place);
  if (folder === undefined) return { result: await runStandIn(step.uses, inputs, place) };

  const definition = await readActionDefinition(folder);
  const github = place.github(step.id ?? "__self", folder);
  const environment = {
    ...state.processEnv(env, github),
    ...place.serviceVariables,
    ...inputVariables(definition, inputs, { ...contexts, github }, state.functions),
  };
  const run = async (script: string, saved: Readonly<Record<string, string>>) => {
    const result = await runNodeScript(
      definition,
      script,
      { ...environment, ...saved },
      { ...place, timeoutMilliseconds },
    );
    requireDeclared(definition, result);
    return result;
  };
  const result = await run(definition.main, {});
  return { result, ...postScript(definition, result, run) };
}

function postScript(
  { post, postIf }: ActionDefinition,
  { state }: StepResult,
  run: (script: string, saved: Readonly<Record<string, string>>) => Promise<StepResult>,
): { readonly post?: PostScript } {
  if (post === undefined) return {};
  const saved = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
  return { post: { condition: postIf, run: () => run(post, saved) } };
}

/** The folder of an action of this repository: `./` in the checkout, `$/` beside the workflow file. */
function folderOf(uses: string, place: JobPlace): string | undefined {
  const [, root, path = ""] = /^(\.|\$)\/(.*)$/.exec(uses) ?? [];
  if (root === undefined) return undefined;
  const base = root === "$" ? place.own : place.workspace;
  const folder = resolve(base, path);
  if (relative(base, folder).startsWith(".."))
    throw new Error(`The action "${uses}" is outside of the checkout.`);
  return folder;
}

async function runStandIn(
  uses: string,
  inputs: Readonly<Record<string, string>>,
  place: JobPlace,
): Promise<StepResult> {
  const [, name = uses] = /^([^/@]+\/[^/@]+)/.exec(uses) ?? [];
  const standIn = place.standIns[name];
  if (standIn === undefined)
    throw new Error(
      `The sandbox has no stand-in for the action "${uses}"; give runWorkflow one for "${name}".`,
    );
  await mkdir(place.workspace, { recursive: true });
  const { workspace, source } = place;
  const { outputs = {}, paths = [], log } = await standIn({ inputs, workspace, source });
  return { exitCode: 0, log: `${log}\n`, annotations: [], outputs, env: {}, state: {}, paths, summary: "" };
}
