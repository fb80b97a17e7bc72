/** Where in the user's files an error was found. */
export interface Location {
  /** Absolute, or relative to the workspace. */
  readonly file: string;
  /** Counted from 1; omit where only the file is known. */
  readonly line?: number | undefined;
}

/**
 * An error in one of the user's files, which the runner then shows beside that line. The message must name the file
 * itself: a log shows the message only.
 */
export class LocatedError extends Error {
  readonly file: string;
  readonly line: number | undefined;

  constructor(message: string, { file, line }: Location, options?: ErrorOptions) {
    super(message, options);
    this.name = "LocatedError";
    this.file = file;
    this.line = line;
  }
}

/** The location of an error, or of the nearest cause that has one. */
export function locationOf(error: unknown): Location | undefined {
  let current = error;
  for (let depth = 0; current instanceof Error && depth < 8; depth += 1) {
    if (current instanceof LocatedError) return { file: current.file, line: current.line };
    current = current.cause;
  }
  return undefined;
}
