import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { githubContext } from "../action/context.ts";
import { createMachine, writeEventFile } from "../action/machine.ts";
import type { StepsJob, Variables } from "./document.ts";
import { type Frame, identityOf } from "./frame.ts";
import type { Permissions } from "./permissions.ts";
import type { JobRun } from "./result.ts";
import type { JobPlace } from "./step.ts";
import { standIns } from "./third-party.ts";

/** The runner tells only those jobs where to get an ID token that may have one. */
function servicesFor(permissions: Permissions, variables: Variables): Variables {
  if (permissions["id-token"] === "write") return variables;
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => !name.startsWith("ACTIONS_ID_TOKEN_")),
  );
}

/** A machine of the job's own, with an empty workspace and a fresh token. */
export async function preparePlace(
  job: StepsJob,
  { id, permissions }: Pick<JobRun, "id" | "permissions">,
  frame: Frame,
): Promise<{ readonly place: JobPlace; readonly token: string }> {
  const { options } = frame;
  const { event } = options;
  const folder = join(frame.folder, id.replace(/[^\w.-]+/g, "-"));
  const workspace = join(folder, "work");
  await rm(folder, { recursive: true, force: true });
  await mkdir(workspace, { recursive: true });
  const machine = await createMachine(folder, options.machine);
  const eventPath = await writeEventFile(machine, event.payload);
  const token =
    options.issueToken?.(event.repository, permissions) ?? `ghs_unknown_${id.replace(/\W+/g, "_")}`;
  const identity = { ...identityOf(frame), job: job.id, workspace, eventPath, token };
  const github = (action: string, actionPath: string) =>
    githubContext(event, { ...identity, action, actionPath });
  const place: JobPlace = {
    machine,
    workspace,
    source: options.workspace,
    own: frame.root,
    masks: new Set(),
    standIns: { ...standIns, ...options.standIns },
    serviceVariables: servicesFor(permissions, options.serviceVariables ?? {}),
    signal: options.signal,
    github,
  };
  return { place, token };
}
