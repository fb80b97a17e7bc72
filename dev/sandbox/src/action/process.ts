import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Annotation } from "./commands.ts";
import { githubContext, githubVariables } from "./context.ts";
import { type ActionDefinition, readActionDefinition } from "./definition.ts";
import { pushTag, type WorkflowEvent } from "./event.ts";
import { evaluate, isTruthy } from "./expression.ts";
import { inputVariables } from "./inputs.ts";
import { createMachine, type Machine, machineVariables, runnerContext, writeEventFile } from "./machine.ts";
import { runStepProcess, type StepResult } from "./step.ts";

/** One use of an action, as a step of a job. */
export interface ActionProcess {
  /** The action's folder, which holds `action.yml` and `dist/`. */
  readonly action: string;
  /** `with:`; what is not given gets the default of `action.yml`, with its expressions evaluated. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The checkout, and working directory of the process. */
  readonly workspace: string;
  /** A push of tag 0.1.2 where none is given. */
  readonly event?: WorkflowEvent;
  /** Added to the step's environment; wins over everything else. */
  readonly env?: Readonly<Record<string, string>>;
  /** `ORIGIN_MIRRORS` */
  readonly mirrors?: string;
  /** Where HOME, RUNNER_TEMP and the tool cache live. Kept when given; otherwise removed afterwards. */
  readonly temp?: string;
  /** The job's token: what `${{ github.token }}` is, masked from the start. */
  readonly token?: string;
  readonly serverUrl?: string;
  /** Another machine than this one: `{ arch: "ARM64" }`, `{ path: "" }`, `{ debug: true }`. */
  readonly machine?: Partial<Machine>;
  readonly timeoutMilliseconds?: number;
  readonly signal?: AbortSignal;
}

/** What an action did: its main script and, where it declares one, its post script. */
export interface ActionRun {
  /** Of the main script, or of the post script where only that failed. */
  readonly exitCode: number;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly env: Readonly<Record<string, string>>;
  readonly paths: readonly string[];
  readonly annotations: readonly Annotation[];
  /** Absent where the action has no post script or its `post-if` did not hold. */
  readonly post?: StepResult;
}

/**
 * Runs an action's bundle as a Node 24 process in the environment of a hosted runner. It inherits nothing
 * but PATH.
 *
 * @throws Error when the action could not be run, or broke a rule of the runner: it printed a masked value,
 *   left a malformed command file, set an undeclared output, or never ended.
 */
export async function runActionProcess(options: ActionProcess): Promise<ActionRun> {
  const root = options.temp ?? (await mkdtemp(join(tmpdir(), "action-")));
  try {
    const definition = await readActionDefinition(resolve(options.action));
    const machine = await createMachine(root, options.machine);
    const { env, conditions } = await environmentOf(definition, machine, options);
    const masks = new Set([options.token ?? defaultToken]);
    const phase = (script: string, state: Readonly<Record<string, string>>) =>
      runNodeScript(definition, script, { ...env, ...state }, { ...options, machine, masks });

    const main = await phase(definition.main, {});
    requireDeclared(definition, main);
    const { log, outputs, summary, paths, annotations } = main;
    const run = { exitCode: main.exitCode, log, outputs, summary, env: main.env, paths, annotations };
    if (definition.post === undefined) return run;
    if (!conditions(definition.postIf, main.exitCode === 0)) return run;
    const state = Object.entries(main.state).map(([name, value]) => [`STATE_${name}`, value]);
    const post = await phase(definition.post, Object.fromEntries(state));
    return { ...run, exitCode: main.exitCode === 0 ? post.exitCode : main.exitCode, post };
  } finally {
    if (options.temp === undefined) await rm(root, { recursive: true, force: true });
  }
}

const defaultToken = "ghs_SandboxJobToken0000000000000000000000";

/** Runs one script of an action with the Node that runs us, which is the runtime of `node24` actions. */
export async function runNodeScript(
  definition: ActionDefinition,
  script: string,
  env: Readonly<Record<string, string>>,
  step: {
    readonly workspace: string;
    readonly machine: Machine;
    readonly masks: Set<string>;
    readonly timeoutMilliseconds?: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<StepResult> {
  if (!process.version.startsWith("v24."))
    throw new Error(`Actions run on Node 24, but this is ${process.version}; use node_modules/.bin/node.`);
  return await runStepProcess({
    command: process.execPath,
    args: [join(definition.folder, script)],
    cwd: step.workspace,
    env,
    machine: step.machine,
    masks: step.masks,
    timeoutMilliseconds: step.timeoutMilliseconds ?? 60_000,
    signal: step.signal,
  });
}

/** @throws Error when a step sets outputs that `action.yml` does not declare. */
export function requireDeclared(definition: ActionDefinition, { outputs }: StepResult): void {
  const undeclared = Object.keys(outputs).filter((name) => !definition.outputs.includes(name));
  if (undeclared.length > 0)
    throw new Error(
      `${definition.name} set the output "${undeclared.join('", "')}", which its action.yml does not declare.`,
    );
}

async function environmentOf(definition: ActionDefinition, machine: Machine, options: ActionProcess) {
  const event = options.event ?? pushTag("0.1.2");
  const eventPath = await writeEventFile(machine, event.payload);
  const github = githubContext(event, {
    workflow: "publish",
    workflowPath: ".github/workflows/consolidated.yaml",
    job: "publish",
    workspace: options.workspace,
    eventPath,
    token: options.token ?? defaultToken,
    ...(options.serverUrl === undefined ? {} : { serverUrl: options.serverUrl }),
    action: "__self",
    actionPath: definition.folder,
  });
  const contexts = {
    github,
    runner: runnerContext(machine),
    env: { ...options.env },
    strategy: {},
    matrix: {},
    job: {},
  };
  const env = {
    ...machineVariables(machine),
    ...githubVariables(github),
    ...inputVariables(definition, options.inputs ?? {}, contexts),
    ...(options.mirrors === undefined ? {} : { ORIGIN_MIRRORS: options.mirrors }),
    ...options.env,
  };
  const conditions = (expression: string, success: boolean) =>
    isTruthy(
      evaluate(expression, contexts, {
        always: () => true,
        cancelled: () => false,
        success: () => success,
        failure: () => !success,
      }),
    );
  return { env, conditions };
}
