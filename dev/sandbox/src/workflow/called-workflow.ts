import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ContextValue } from "../action/expression.ts";
import type { CallJob, InputDeclarations, Variables, Workflow } from "./document.ts";
import { type Access, type Permissions, restricted } from "./permissions.ts";
import { readWorkflow } from "./read-workflow.ts";

/** A workflow file with the repository that it stands in. */
export interface Located {
  readonly workflow: Workflow;
  /** `owner/name`. */
  readonly repository: string;
  /** The repository's files at the commit that is run: where `$/` points. */
  readonly root: string;
}

/** Repositories beside the one that is run, whose workflows can be called: `owner/name` → folder. */
export type Repositories = Readonly<Record<string, string>>;

/**
 * The workflow that a job calls: `$/` and `./` in the repository of the file that says so, `owner/name/…@ref` in
 * another. A version is not resolved: the folder is what the reference points at.
 *
 * @throws Error when the file does not exist or cannot be called.
 */
export async function calledWorkflow(
  job: CallJob,
  caller: Located,
  repositories: Repositories,
): Promise<Located> {
  const [, own] = /^(?:\$|\.)\/(.+)$/.exec(job.uses) ?? [];
  const [, repository = caller.repository, path = own ?? ""] =
    own === undefined ? (/^([^/]+\/[^/@]+)\/([^@]+)@\S+$/.exec(job.uses) ?? []) : [];
  const root = own === undefined ? repositories[repository] : caller.root;
  if (root === undefined)
    throw new Error(`The job ${job.id} calls "${job.uses}", which the sandbox has not.`);
  const file = own ?? path;
  const workflow = await readWorkflow(file, await readFile(join(root, file), "utf8"));
  if (!Object.hasOwn(workflow.triggers, "workflow_call"))
    throw new Error(`${file} cannot be called: it has no trigger workflow_call.`);
  return { workflow, repository, root };
}

/**
 * The `inputs` context of a call or a dispatch, with defaults and types.
 *
 * @throws Error for an input that is not declared, a required one that is missing, or a value of another type.
 */
export function inputsContext(
  declared: InputDeclarations,
  given: Variables,
  where: string,
): { readonly [name: string]: ContextValue } {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(declared, name));
  if (unknown.length > 0) throw new Error(`${where} has no input "${unknown.join('", "')}".`);
  return Object.fromEntries(
    Object.entries(declared).map(([name, { type, required, default: fallback }]) => {
      if (required && given[name] === undefined) throw new Error(`${where} requires the input "${name}".`);
      return [name, typed(given[name] ?? fallback, type, `${where}: input "${name}"`)];
    }),
  );
}

function typed(text: string | undefined, type: "string" | "boolean" | "number", where: string): ContextValue {
  if (type === "string") return text ?? "";
  if (type === "boolean") {
    if (text === undefined || text === "" || text === "false") return false;
    if (text === "true") return true;
    throw new Error(`${where} must be true or false, but it is "${text}".`);
  }
  const number = Number(text ?? 0);
  if (Number.isNaN(number)) throw new Error(`${where} must be a number, but it is "${text}".`);
  return number;
}

const weight: Readonly<Record<Access, number>> = { none: 0, read: 1, write: 2 };

/**
 * GitHub refuses to start a run in which a called workflow's job declares more than its caller grants, even where that
 * job would be skipped (reference: reusing workflows, "Supported keywords").
 *
 * @throws Error naming the job and the permission.
 */
export async function requireGrants(
  caller: Located,
  granted: Permissions | undefined,
  repositories: Repositories,
): Promise<void> {
  for (const job of caller.workflow.jobs) {
    const declared = job.permissions ?? caller.workflow.permissions;
    if (granted !== undefined && declared !== undefined) {
      const more = Object.entries(declared).find(
        ([scope, access]) => weight[access] > weight[granted[scope] ?? "none"],
      );
      if (more !== undefined)
        throw new Error(
          `The run does not start: the job ${job.id} of ${caller.workflow.path} declares "${more.join(": ")}", which its caller does not grant.`,
        );
    }
    if (job.kind === "call")
      await requireGrants(
        await calledWorkflow(job, caller, repositories),
        declared ?? granted ?? restricted,
        repositories,
      );
  }
}
