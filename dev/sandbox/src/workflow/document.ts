import type { Permissions } from "./permissions.ts";

export interface Workflow {
  readonly name: string;
  /** `.github/workflows/…` */
  readonly path: string;
  /** Event name → its filters. */
  readonly triggers: Readonly<Record<string, unknown>>;
  readonly env: Variables;
  readonly permissions: Permissions | undefined;
  readonly concurrency: Concurrency | undefined;
  readonly shell: string | undefined;
  /** What callers may hand over (`workflow_call`) and people may type in (`workflow_dispatch`). */
  readonly inputs: { readonly call: InputDeclarations; readonly dispatch: InputDeclarations };
  /** Of `workflow_call`: name → expression over `jobs`. */
  readonly outputs: Variables;
  readonly jobs: readonly Job[];
}

export interface InputDeclaration {
  /** `choice` and `environment` are strings to an expression. */
  readonly type: "string" | "boolean" | "number";
  readonly required: boolean;
  readonly default: string | undefined;
}

export type InputDeclarations = Readonly<Record<string, InputDeclaration>>;

/** Values may hold expressions. */
export type Variables = Readonly<Record<string, string>>;

export interface Concurrency {
  readonly group: string;
  readonly cancelInProgress: string;
  readonly queue: string;
}

interface JobCommon {
  readonly id: string;
  readonly name: string;
  readonly needs: readonly string[];
  /** With the implied `success()`. */
  readonly condition: string;
  readonly permissions: Permissions | undefined;
  readonly concurrency: Concurrency | undefined;
  /** Each combination of the matrix; one empty combination where there is none. An expression is read later. */
  readonly matrix: string | readonly Variables[];
}

/** A job of steps. */
export interface StepsJob extends JobCommon {
  readonly kind: "steps";
  readonly runsOn: string;
  readonly env: Variables;
  readonly outputs: Variables;
  readonly environment: string | undefined;
  readonly shell: string | undefined;
  readonly timeoutMinutes: number | undefined;
  readonly continueOnError: string;
  readonly steps: readonly Step[];
}

/** A job that calls another workflow file. */
export interface CallJob extends JobCommon {
  readonly kind: "call";
  readonly uses: string;
  readonly inputs: Variables;
  readonly secrets: "inherit" | Variables;
}

export type Job = StepsJob | CallJob;

interface StepCommon {
  readonly id: string | undefined;
  readonly name: string;
  readonly condition: string;
  readonly env: Variables;
  readonly continueOnError: string;
  readonly timeoutMinutes: number | undefined;
}

export interface RunStep extends StepCommon {
  readonly kind: "run";
  readonly script: string;
  readonly shell: string | undefined;
  readonly workingDirectory: string;
}

export interface UsesStep extends StepCommon {
  readonly kind: "uses";
  readonly uses: string;
  readonly inputs: Variables;
}

export type Step = RunStep | UsesStep;
