import { parse } from "yaml";
import type { Concurrency, InputDeclarations, Job, Step, Variables, Workflow } from "./document.ts";
import { matrixOf } from "./matrix.ts";
import { loadWorkflowParser } from "./parser.ts";
import { parsePermissions } from "./permissions.ts";

type Mapping = Readonly<Record<string, unknown>>;

/** What would have to be carried out and is not; better an error than a run that means something else. */
const unsupported = ["container", "services", "snapshot"];

/**
 * Reads a workflow with GitHub's own parser: it decides what is valid, and what the conditions are. The rest, which
 * its model leaves out (`with`, permissions, shells, timeouts), is read from the same document.
 *
 * @throws Error listing what is wrong with it, and for a feature the sandbox does not carry out.
 */
export async function readWorkflow(path: string, text: string): Promise<Workflow> {
  const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } = await loadWorkflowParser();
  const { context, value } = parseWorkflow({ name: path, content: text }, new NoOperationTraceWriter());
  const template = value === undefined ? undefined : await convertWorkflowTemplate(context, value);
  const errors = context.errors.getErrors().map(({ message }) => message);
  if (template === undefined || errors.length > 0)
    throw new Error(`${path} is not a workflow: ${errors.join("; ")}`);
  const document = mapping(parse(text), path);
  const jobs = mapping(document.jobs, `${path}: jobs`);
  const triggers = isMapping(document.on) ? document.on : {};
  return {
    name: textOr(document.name, path),
    path,
    triggers: { ...template.events },
    env: variables(document.env, `${path}: env`),
    permissions: parsePermissions(document.permissions, path),
    concurrency: concurrencyOf(document.concurrency, path),
    shell: defaultShell(document, path),
    inputs: {
      call: declarations(triggers.workflow_call, path),
      dispatch: declarations(triggers.workflow_dispatch, path),
    },
    outputs: callOutputs(triggers.workflow_call, path),
    jobs: template.jobs.map((job) => {
      const id = job.id.value;
      const body = mapping(jobs[id], `${path}: jobs.${id}`);
      const conditions =
        job.type === "job" ? job.steps.map((step) => step.if?.expression ?? "success()") : [];
      return readJob(id, body, job.if.expression, conditions, path);
    }),
  };
}

function readJob(
  id: string,
  body: Mapping,
  condition: string,
  conditions: readonly string[],
  path: string,
): Job {
  const where = `${path}: jobs.${id}`;
  const feature = unsupported.find((key) => body[key] !== undefined);
  if (feature !== undefined)
    throw new Error(`${where} uses "${feature}", which the sandbox does not carry out.`);
  const common = {
    id,
    name: textOr(body.name, id),
    needs: listOf(body.needs),
    condition,
    permissions: parsePermissions(body.permissions, where),
    concurrency: concurrencyOf(body.concurrency, where),
    matrix: matrixOf(isMapping(body.strategy) ? body.strategy.matrix : undefined, where),
  };
  if (typeof body.uses === "string")
    return {
      ...common,
      kind: "call",
      uses: body.uses,
      inputs: variables(body.with, `${where}.with`),
      secrets: body.secrets === "inherit" ? "inherit" : variables(body.secrets, `${where}.secrets`),
    };
  const environment = body.environment;
  return {
    ...common,
    kind: "steps",
    runsOn: String(body["runs-on"]),
    env: variables(body.env, `${where}.env`),
    outputs: variables(body.outputs, `${where}.outputs`),
    environment:
      typeof environment === "object" ? textOr(Object(environment).name, "") : textOr(environment, undefined),
    shell: defaultShell(body, where),
    timeoutMinutes: minutes(body["timeout-minutes"]),
    continueOnError: String(body["continue-on-error"] ?? false),
    steps: listOfMappings(body.steps, where).map((step, index) =>
      readStep(step, conditions[index] ?? "success()", `${where}.steps[${index}]`),
    ),
  };
}

/** The inputs that a trigger declares; none where the workflow does not have the trigger. */
function declarations(trigger: unknown, path: string): InputDeclarations {
  if (!isMapping(trigger) || trigger.inputs === undefined || trigger.inputs === null) return {};
  return Object.fromEntries(
    Object.entries(mapping(trigger.inputs, `${path}: inputs`)).map(([name, value]) => {
      const { type, required, default: fallback } = mapping(value ?? {}, `${path}: inputs.${name}`);
      return [
        name,
        {
          type: type === "boolean" || type === "number" ? type : "string",
          required: required === true,
          default: textOr(fallback, undefined),
        },
      ];
    }),
  );
}

function callOutputs(trigger: unknown, path: string): Variables {
  if (!isMapping(trigger) || !isMapping(trigger.outputs)) return {};
  return Object.fromEntries(
    Object.entries(trigger.outputs).map(([name, output]) => [
      name,
      textOr(mapping(output, `${path}: outputs.${name}`).value, ""),
    ]),
  );
}

function readStep(body: Mapping, condition: string, where: string): Step {
  const { run, uses } = body;
  const common = {
    id: textOr(body.id, undefined),
    condition,
    env: variables(body.env, `${where}.env`),
    continueOnError: String(body["continue-on-error"] ?? false),
    timeoutMinutes: minutes(body["timeout-minutes"]),
  };
  if (typeof uses === "string")
    return {
      ...common,
      kind: "uses",
      name: textOr(body.name, `Run ${uses}`),
      uses,
      inputs: variables(body.with, `${where}.with`),
    };
  if (typeof run !== "string") throw new Error(`${where} neither runs a script nor uses an action.`);
  return {
    ...common,
    kind: "run",
    name: textOr(body.name, `Run ${run.split("\n")[0]}`),
    script: run,
    shell: textOr(body.shell, undefined),
    workingDirectory: textOr(body["working-directory"], "."),
  };
}

function concurrencyOf(value: unknown, where: string): Concurrency | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return { group: value, cancelInProgress: "false", queue: "single" };
  const body = mapping(value, `${where}: concurrency`);
  return {
    group: String(body.group),
    cancelInProgress: String(body["cancel-in-progress"] ?? false),
    queue: String(body.queue ?? "single"),
  };
}

function defaultShell(body: Mapping, where: string): string | undefined {
  if (body.defaults === undefined) return undefined;
  return textOr(mapping(mapping(body.defaults, where).run ?? {}, where).shell, undefined);
}

function variables(value: unknown, where: string): Variables {
  if (value === undefined || value === null) return {};
  return Object.fromEntries(
    Object.entries(mapping(value, where)).map(([name, text]) => [name, String(text ?? "")]),
  );
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapping(value: unknown, where: string): Mapping {
  if (!isMapping(value)) throw new Error(`${where} is not a mapping.`);
  return value;
}

function listOfMappings(value: unknown, where: string): readonly Mapping[] {
  return Array.isArray(value) ? value.map((item: unknown) => mapping(item, where)) : [];
}

function listOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function textOr<Fallback extends string | undefined>(value: unknown, fallback: Fallback): string | Fallback {
  return value === undefined || value === null ? fallback : String(value);
}

function minutes(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
