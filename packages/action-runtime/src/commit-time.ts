import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { GitHubEvent } from "./event.ts";

/** Runs a program and resolves to what it printed; rejects when it fails. */
export type Run = (program: string, args: readonly string[]) => Promise<{ readonly stdout: string }>;

/**
 * The time of the event's commit in seconds: from the checkout where that has the commit, else from the event's
 * payload. Never from the clock: the tag of a commit must not depend on when it is published.
 *
 * @throws Error when neither has it (a `workflow_dispatch` without a checkout, for example).
 */
export async function commitEpoch(event: GitHubEvent, run: Run = promisify(execFile)): Promise<number> {
  let cause: unknown;
  try {
    const { stdout } = await run("git", ["show", "--no-patch", "--format=%ct", event.sha, "--"]);
    const epoch = Number.parseInt(stdout, 10);
    if (Number.isSafeInteger(epoch)) return epoch;
  } catch (error) {
    cause = error;
  }
  if (event.payloadEpoch !== undefined) return event.payloadEpoch;
  throw new Error(
    `The tag of commit ${event.sha.slice(0, 8)} contains its time, but neither a checkout nor the event has it. Add actions/checkout before this step, or set the input "tag".`,
    { cause },
  );
}
