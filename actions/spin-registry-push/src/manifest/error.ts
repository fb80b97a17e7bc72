/** What is wrong with a manifest and on which line; the reader puts the file's name before it. */
export class ManifestError extends Error {
  readonly line: number;
  readonly reason: string;

  /** @param reason a clause without a full stop at its end, unless it is several sentences. */
  constructor(line: number, reason: string, options?: ErrorOptions) {
    super(`line ${line}: ${reason}`, options);
    this.line = line;
    this.reason = reason;
  }
}
