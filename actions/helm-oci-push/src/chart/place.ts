import { join } from "node:path";
import { LocatedError, locationOf, messageOf } from "@spin-publisher/errors";

/** Where a chart comes from, for error messages. */
export interface Place {
  /** In the middle of a sentence: `the chart site`. */
  readonly name: string;
  /** Where its files are on disk; undefined for a chart in an archive. */
  readonly folder?: string;
}

/** How error messages name a file of a chart: by its path, or by the chart that it is in. */
export function fileName({ name, folder }: Place, path: string): string {
  return folder === undefined ? `${path} of ${name}` : join(folder, path);
}

/** An error in a file of a chart, which the runner shows beside that line where the file is on disk. */
export function errorIn(
  { folder }: Place,
  path: string,
  message: string,
  options: ErrorOptions & { readonly line?: number | undefined } = {},
): Error {
  const { line } = options;
  return folder === undefined
    ? new Error(message, options)
    : new LocatedError(message, { file: join(folder, path), line }, options);
}

/** Runs `read`, which reads a file of a chart, and adds to its error which file that is. */
export function reading<Result>(place: Place, path: string, read: (file: string) => Result): Result {
  try {
    return read(fileName(place, path));
  } catch (error) {
    if (locationOf(error) !== undefined) throw error;
    const line = error instanceof Error && "line" in error ? Number(error.line) : undefined;
    throw errorIn(place, path, messageOf(error), { cause: error, line });
  }
}
