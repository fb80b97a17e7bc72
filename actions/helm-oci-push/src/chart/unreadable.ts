/**
 * The error for a path of a chart that the system refuses to read: which, why, and what helps.
 *
 * @param what how the message calls it, at the beginning of a sentence.
 */
export function unreadable(what: string, cause: unknown): Error {
  return new Error(`${what} ${reasonOf(codeOf(cause))}.`, { cause });
}

function reasonOf(code: unknown): string {
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "cannot be read: this job's user lacks the permission; grant it with chmod";
    case "ENOENT":
      return "is gone, though it was there a moment ago; leave the chart alone while it is published";
    case "EISDIR":
      return "cannot be read: it is a folder; put a file in its place";
    default:
      return typeof code === "string"
        ? `cannot be read (${code}); check the disk it is on`
        : "cannot be read; check the disk it is on";
  }
}

/** The code of an error of the system, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
