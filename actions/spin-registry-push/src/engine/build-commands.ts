import { isAbsolute, join } from "node:path";
import { ManifestError } from "../manifest/error.ts";
import type { Application } from "../manifest/model.ts";
import { type Execute, environmentForOthers } from "./execute.ts";

export interface BuildContext {
  /** The application folder, which `workdir` is relative to. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly execute: Execute;
  readonly log: (line: string) => void;
}

/**
 * Runs the build commands of the components, in the order of the manifest, each through the system's shell as
 * `spin build` does.
 *
 * @throws ManifestError when a command fails or its folder is not relative.
 */
export async function buildComponents(
  { components }: Application,
  { folder, environment, execute, log }: BuildContext,
): Promise<void> {
  for (const { id, build } of components) {
    if (build === undefined) continue;
    const { command, workdir = "", line } = build;
    if (isAbsolute(workdir)) {
      throw new ManifestError(
        line,
        `the workdir "${workdir}" of component "${id}" must be relative to the manifest`,
      );
    }
    for (const one of typeof command === "string" ? [command] : command) {
      log(`Building ${id}: ${one}`);
      const { exitCode } = await execute({
        ...shell(one),
        folder: join(folder, workdir),
        env: environmentForOthers(environment),
        output: "log",
      }).catch((cause: unknown) => {
        throw new ManifestError(
          line,
          `the build command of component "${id}" cannot be run in "${workdir}"`,
          {
            cause,
          },
        );
      });
      if (exitCode !== 0) {
        throw new ManifestError(
          line,
          `the build command of component "${id}" failed with exit code ${exitCode}: ${one}`,
        );
      }
    }
  }
}

function shell(command: string): { readonly file: string; readonly arguments: readonly string[] } {
  return process.platform === "win32"
    ? { file: "cmd.exe", arguments: ["/c", command] }
    : { file: "sh", arguments: ["-c", command] };
}
