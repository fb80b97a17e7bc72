/** Codes of errors that occur before a connection exists. */
const connecting = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
];

/** A registry opened an upload at an address of which nothing can be reached. */
export class UnreachableSession extends Error {
  /** Each further attempt would take as long. */
  readonly timedOut: boolean;

  private constructor(registry: URL, session: URL, code: string, cause: unknown) {
    super(
      `${registry.host} opened an upload at ${session.origin}, where nothing answers (${code}). Correct the address that the registry has for itself: its own setting, or the Host and X-Forwarded headers that a proxy in front of it sets.`,
      { cause },
    );
    this.timedOut = code === "UND_ERR_CONNECT_TIMEOUT";
  }

  /** The error to throw instead of `error`; undefined if the upload was at the registry itself, or was connected. */
  static from(error: unknown, path: string | URL, registry: URL): UnreachableSession | undefined {
    if (typeof path === "string" || path.origin === registry.origin) return undefined;
    for (let cause = error; typeof cause === "object" && cause !== null; ) {
      const { code, cause: next }: { code?: unknown; cause?: unknown } = cause;
      if (typeof code === "string" && connecting.includes(code))
        return new UnreachableSession(registry, path, code, error);
      cause = next;
    }
    return undefined;
  }
}
