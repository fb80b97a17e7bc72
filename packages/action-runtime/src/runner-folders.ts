import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode } from "@spin-publisher/errors";

/** The checkout: relative paths in inputs start here. An empty variable counts as unset. */
export function workspaceFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.GITHUB_WORKSPACE || process.cwd();
}

/** Where files belong that must not outlive the job; outside a runner the system's temporary folder. */
export function temporaryRoot(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.RUNNER_TEMP || tmpdir();
}

/**
 * A new, empty folder below `temporaryRoot`.
 *
 * @param purpose what is written there, for the error: "An OCI layout".
 * @throws Error naming the parent when nothing can be created in it.
 */
export async function createTemporaryFolder(
  prefix: string,
  purpose: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const parent = temporaryRoot(environment);
  try {
    return await mkdtemp(join(parent, prefix));
  } catch (cause) {
    const code = errorCode(cause) ?? "unknown error";
    throw new Error(
      `${purpose} needs a temporary folder, but none can be created in "${parent}" (${code}). Set RUNNER_TEMP to a folder that this job may write to.`,
      { cause },
    );
  }
}
