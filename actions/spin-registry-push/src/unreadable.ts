import { errorCode } from "./error-code.ts";

/** What to say of a path that the system refuses to read, as the end of a sentence: what is wrong, and what helps. */
export function whyUnreadable(error: unknown): string {
  switch (errorCode(error)) {
    case "EACCES":
    case "EPERM":
      return "cannot be read: this job's user lacks the permission; grant it with chmod";
    case "ENOENT":
      return "is gone, though it was there a moment ago; leave files alone while they are published";
    case "EISDIR":
      return "cannot be read: it is a folder; name a file";
    default:
      return `cannot be read${errorCode(error) === undefined ? "" : ` (${errorCode(error)})`}; check the disk it is on`;
  }
}

/**
 * Runs `task`, in which files are read by those who know nothing of applications: an error of the system about a file
 * comes out as a sentence with its path.
 */
export async function namingFiles<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    const path = typeof error === "object" && error !== null && "path" in error ? error.path : undefined;
    if (typeof path !== "string" || errorCode(error) === undefined) throw error;
    throw new Error(`"${path}" ${whyUnreadable(error)}.`, { cause: error });
  }
}
