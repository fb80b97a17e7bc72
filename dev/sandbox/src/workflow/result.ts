import type { Annotation } from "../action/commands.ts";
import type { Permissions } from "./permissions.ts";

export type Outcome = "success" | "failure" | "skipped";

export interface StepRun {
  readonly id: string | undefined;
  readonly name: string;
  /** Before `continue-on-error`. */
  readonly outcome: Outcome;
  readonly conclusion: Outcome;
  readonly outputs: Readonly<Record<string, string>>;
  readonly log: string;
  readonly annotations: readonly Annotation[];
  readonly summary: string;
  readonly durationMilliseconds: number;
}

export interface JobRun {
  /** `calling job/job` where the workflow was called, with the values of its matrix in parentheses. */
  readonly id: string;
  readonly name: string;
  /** The runner it asked for; empty where it was skipped. */
  readonly runsOn: string;
  readonly result: Outcome;
  readonly outputs: Readonly<Record<string, string>>;
  /** What its token could do. */
  readonly permissions: Permissions;
  /** Evaluated; the sandbox records it and queues nothing. */
  readonly concurrency:
    | { readonly group: string; readonly cancelInProgress: boolean; readonly queue: string }
    | undefined;
  readonly steps: readonly StepRun[];
  readonly durationMilliseconds: number;
}

export interface WorkflowRun {
  /** Whether the event starts the workflow at all. */
  readonly triggered: boolean;
  readonly conclusion: Outcome;
  readonly concurrency: JobRun["concurrency"];
  /** In the order of the file; empty where the workflow was not triggered. */
  readonly jobs: readonly JobRun[];
}
