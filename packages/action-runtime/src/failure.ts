import { realpathSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import {
  type AnnotationProperties,
  error as annotate,
  warning as annotateWarning,
  debug,
  info,
  summary,
} from "@actions/core";
import { LocatedError, type Location, locationOf, messageOf } from "@spin-publisher/errors";
import { workspaceFolder } from "./runner-folders.ts";
import { failureSummary } from "./summary.ts";

/**
 * Runs an action to its end. An error becomes one annotation, beside the file and line it was found in where they are
 * known, the job summary, and exit code 1; what caused it follows in the log, and the stack only with step debugging.
 *
 * @param what the heading of that summary: "content".
 * @param end ends the process: a request that nobody awaits any more would keep it alive for minutes.
 */
export async function runAction(
  what: string,
  main: () => Promise<void>,
  end: () => void = () => process.exit(),
): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.exitCode = 1;
    annotate(messageOf(error), annotationOf(error));
    const causes = causesOf(error);
    for (const cause of causes) info(`  caused by: ${cause}`);
    if (error instanceof Error && error.stack !== undefined) debug(error.stack);
    await summarise(failureSummary(what, messageOf(error), causes));
    // Pipes are written to asynchronously on some systems: end when everything is out.
    process.stdout.write("", end);
  }
}

/** Shows a warning, beside the file and line that it is about. */
export function warn(message: string, location: Location): void {
  annotateWarning(message, annotationOf(new LocatedError(message, location)));
}

/** The annotation says it already: a summary that cannot be written must not hide it. */
async function summarise(text: string): Promise<void> {
  if (!process.env.GITHUB_STEP_SUMMARY) return;
  try {
    await summary.addRaw(text).write();
  } catch (error) {
    debug(`The job summary cannot be written: ${messageOf(error)}`);
  }
}

/**
 * Where the runner should show an error. GitHub knows files by their path in the checkout, with slashes; a file outside
 * it has no place there.
 *
 * @param workspace the checkout.
 */
export function annotationOf(error: unknown, workspace = workspaceFolder()): AnnotationProperties {
  const location = locationOf(error);
  if (location === undefined) return {};
  const file = pathIn(workspace, location.file) ?? pathIn(realPath(workspace), realPath(location.file));
  if (file === undefined) return {};
  return location.line === undefined ? { file } : { file, startLine: location.line };
}

function pathIn(folder: string, file: string): string | undefined {
  const path = relative(folder, resolve(folder, file));
  const outside = path === "" || path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path);
  return outside ? undefined : path.replaceAll(sep, "/");
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // a file that does not exist has no other name
  }
}

/** The messages below an error, outermost first, one line each, without those that a message above contains. */
function causesOf(error: unknown): readonly string[] {
  const messages: string[] = [];
  let said = messageOf(error);
  let current = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; current !== undefined && depth < 8; depth += 1) {
    const message = messageOf(current);
    // A carriage return ends a line for the runner too, and a line that begins with :: is a command to it.
    const [line = ""] = message.trim().split(/[\r\n]/);
    if (line !== "" && !said.includes(line)) messages.push(line);
    said += message;
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages;
}
