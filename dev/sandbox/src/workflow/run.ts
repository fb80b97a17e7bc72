import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { inputsContext, type Located, requireGrants } from "./called-workflow.ts";
import { isTriggered } from "./filters.ts";
import { concurrencyOf, contextsOf, type Frame, type WorkflowOptions } from "./frame.ts";
import { isFromFork } from "./permissions.ts";
import { readWorkflow } from "./read-workflow.ts";
import type { WorkflowRun } from "./result.ts";
import { runFrame } from "./run-jobs.ts";

/**
 * Runs a workflow file for an event as GitHub would: its triggers decide whether, `needs` and `if` decide which jobs,
 * each job on a machine of its own with a token of its own permissions. Workflows that it calls are run as part of it.
 *
 * @throws Error when the file is not a workflow, uses what the sandbox does not carry out, breaks a rule of the
 *   runner, or would not be started. A failed step is not an error; it is the result.
 */
export async function runWorkflow(options: WorkflowOptions): Promise<WorkflowRun> {
  const path = relative(options.workspace, resolve(options.file)).replaceAll("\\", "/");
  const workflow = await readWorkflow(path, await readFile(options.file, "utf8"));
  if (!isTriggered(workflow.triggers, options.event))
    return { triggered: false, conclusion: "skipped", concurrency: undefined, jobs: [] };
  const { event, repositories = {} } = options;
  const located: Located = { workflow, repository: event.repository, root: options.workspace };
  await requireGrants(located, undefined, repositories);
  const folder = options.temp ?? (await mkdtemp(join(tmpdir(), "workflow-")));
  try {
    const frame: Frame = {
      ...located,
      options,
      folder,
      prefix: "",
      inputs:
        event.name === "workflow_dispatch"
          ? inputsContext(workflow.inputs.dispatch, event.inputs ?? {}, path)
          : {},
      secrets: isFromFork(event) ? {} : (options.secrets ?? {}),
      granted: undefined,
    };
    const jobs = (await runFrame(frame)).flatMap(({ runs }) => runs);
    return {
      triggered: true,
      conclusion: jobs.some(({ result }) => result === "failure") ? "failure" : "success",
      concurrency: concurrencyOf(workflow.concurrency, contextsOf(frame)),
      jobs,
    };
  } finally {
    if (options.temp === undefined) await rm(folder, { recursive: true, force: true });
  }
}
