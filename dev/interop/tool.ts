/** A third-party program. */
export interface Tool {
  /** With its version. */
  readonly name: string;
  readonly path: string;
}

/** A program that is not available, and why. */
export interface Missing {
  readonly name: string;
  readonly because: string;
}

export type Obtained = Tool | Missing;

export function isTool(tool: Obtained): tool is Tool {
  return "path" in tool;
}
