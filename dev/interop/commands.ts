import { spawn } from "node:child_process";

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** 120 by default. */
  readonly timeoutSeconds?: number;
  /** Exit codes besides 0 that are not failures. */
  readonly accept?: readonly number[];
}

/**
 * Runs a program and returns the bytes it printed.
 *
 * @throws Error with its last output when it cannot be started, fails or takes too long.
 */
export function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<Buffer> {
  const { cwd, env = {}, timeoutSeconds = 120, accept = [] } = options;
  const name = `${program.replace(/^.*\//, "")} ${args.join(" ")}`.trim();
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  return new Promise((done, failed) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    });
    const printed: Buffer[] = [];
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on("error", (cause) => {
      const what = signal.aborted
        ? `took longer than ${timeoutSeconds} s`
        : `cannot be started: ${cause.message}`;
      failed(new Error(`${name} ${what}`, { cause }));
    });
    child.on("close", (code) => {
      const output = Buffer.concat(printed);
      if (code === 0 || (code !== null && accept.includes(code))) return done(output);
      const last = (said.trim() === "" ? output.toString() : said).trim().split("\n").slice(-8).join("\n");
      failed(new Error(`${name} ended with exit code ${code}: ${last}`));
    });
  });
}

/** The output of a program, as text without surrounding white space. */
export async function textOf(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return (await run(program, args, options)).toString().trim();
}

/** The path of a program; undefined where no program has this name. */
export async function find(program: string): Promise<string | undefined> {
  const path = await textOf("sh", ["-c", `command -v ${program}`], { accept: [1, 127] });
  return path === "" ? undefined : path;
}
