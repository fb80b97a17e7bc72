import { errorCode } from "./error.ts";
import { LocatedError } from "./located.ts";

/**
 * Why the system refuses to read a path, and what to do, as the end of a sentence.
 *
 * @param what how the advice names what is being published: `files`, `the chart`.
 */
export function whyUnreadable(error: unknown, what = "files"): string {
  const code = errorCode(error);
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "cannot be read: the job's user has no permission; grant it with chmod";
    case "ENOENT":
      return `was removed while it was being read; do not change ${what} while publishing`;
    case "EISDIR":
      return "cannot be read: it is a folder where a file is expected";
    default:
      return `cannot be read${code === undefined ? "" : ` (${code})`}; check the disk`;
  }
}

/**
 * Runs `task` and turns a system error about a file into a sentence that names the path. For code that reads files
 * without knowing what they belong to.
 */
export async function namingFiles<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    const path = typeof error === "object" && error !== null && "path" in error ? error.path : undefined;
    if (typeof path !== "string" || errorCode(error) === undefined) throw error;
    throw new LocatedError(`"${path}" ${whyUnreadable(error)}.`, { file: path }, { cause: error });
  }
}
