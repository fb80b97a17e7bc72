import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a step left in its command files. */
export interface StepFiles {
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  /** In the order in which they are to be prepended to PATH. */
  readonly paths: readonly string[];
  readonly summary: string;
}

const names = ["output", "env", "state", "path", "step_summary", "artifacts"] as const;

/** The runner drops a larger summary (CreateStepSummaryCommand). */
const summaryLimit = 1024 * 1024;

/** Fresh command files for one step: the variables that name them, and what to do when the step is over. */
export async function createStepFiles(temp: string): Promise<{
  readonly variables: Readonly<Record<string, string>>;
  /** @throws Error when a file is not what the runner accepts. */
  collect(): Promise<StepFiles>;
  remove(): Promise<void>;
}> {
  const folder = await mkdtemp(join(temp, "step-files-"));
  for (const name of names) await writeFile(join(folder, name), "");
  const read = (name: (typeof names)[number]) => readFile(join(folder, name), "utf8");
  return {
    variables: Object.fromEntries(names.map((name) => [`GITHUB_${name.toUpperCase()}`, join(folder, name)])),
    async collect() {
      const env = parseVariables(await read("env"));
      if (Object.keys(env).some((name) => name.toUpperCase() === "NODE_OPTIONS"))
        throw new Error("A step put NODE_OPTIONS into GITHUB_ENV, which the runner refuses.");
      const summary = await read("step_summary");
      if (Buffer.byteLength(summary) > summaryLimit)
        throw new Error("A step wrote a summary of more than 1 MiB, which the runner drops.");
      return {
        outputs: parseVariables(await read("output")),
        env,
        state: parseVariables(await read("state")),
        paths: (await read("path")).split(/\r?\n/).filter((line) => line !== ""),
        summary,
      };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * The variables of a command file: `NAME=value` lines and `NAME<<DELIMITER` blocks; the last of several wins.
 *
 * @throws Error for a line of neither form, a block without its end, or an end that no newline precedes.
 */
export function parseVariables(text: string): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (line === "") continue;
    const block = /^([^=]+?)<<(.+)$/.exec(line);
    const [, name, delimiter] = block ?? [];
    if (name !== undefined && delimiter !== undefined) {
      const end = lines.indexOf(delimiter, index + 1);
      if (end === -1)
        throw new Error(`A command file has no line "${delimiter}" that ends the value of ${name}.`);
      variables[name] = lines.slice(index + 1, end).join("\n");
      index = end;
      continue;
    }
    const equals = line.indexOf("=");
    if (equals < 1) throw new Error(`A command file holds the line "${line}", which is not NAME=value.`);
    variables[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return variables;
}
