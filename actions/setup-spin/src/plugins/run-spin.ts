import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isObject } from "@spin-publisher/json";

/** Runs Spin and returns its standard output. @throws Error when it exits with anything but 0. */
export type RunSpin = (args: readonly string[]) => Promise<string>;

/**
 * Runs an installed Spin: without a terminal, for ten minutes at most.
 *
 * @param environment all of its environment.
 */
export function runSpin(binary: string, environment: NodeJS.ProcessEnv): RunSpin {
  return async (args) => {
    const run = promisify(execFile)(binary, [...args], {
      timeout: 600_000,
      maxBuffer: 16 << 20,
      env: environment,
    });
    run.child.stdin?.end();
    try {
      return (await run).stdout;
    } catch (error) {
      // The error's own message repeats the command and everything it printed.
      const { code, signal, stderr } = isObject(error) ? error : {};
      const end = typeof signal === "string" ? signal : `exit code ${String(code)}`;
      const cause = new Error(`spin ${args.join(" ")} ended with ${end}`);
      const lastLines = (typeof stderr === "string" ? stderr : "")
        .trim()
        .split(/\r?\n/)
        .slice(-5)
        .join(" / ");
      throw new Error(lastLines === "" ? cause.message : lastLines, { cause });
    }
  };
}
