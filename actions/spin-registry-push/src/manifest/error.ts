import { LocatedError } from "@spin-publisher/errors";

/** What is wrong with a manifest, and on which line; `namingManifest` adds the path. */
export class ManifestError extends Error {
  readonly line: number;
  readonly reason: string;

  /** @param reason a clause without a full stop at its end. */
  constructor(line: number, reason: string, options?: ErrorOptions) {
    super(`line ${line}: ${reason}`, options);
    this.line = line;
    this.reason = reason;
  }
}

/** Runs `task`; a mistake in the manifest becomes one sentence that starts with the manifest's path and line. */
export async function namingManifest<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    const { line, reason, cause } = error;
    throw new LocatedError(`${path}:${line}: ${reason}.`, { file: path, line }, { cause });
  }
}
