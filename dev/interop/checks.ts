import { tableOf } from "../../scripts/table.ts";

/** One thing that was looked at, and what came of it. */
export interface CheckResult {
  /** What is judged: an artifact in a registry, or our registry. */
  readonly subject: string;
  readonly check: string;
  /** The independent program that judged, with its version. */
  readonly judge: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** What was seen, or why it failed or was skipped, in one line. */
  readonly seen: string;
}

export interface Checks {
  readonly results: readonly CheckResult[];
  /** Runs a check; its text tells what was seen, and an error is a failure. The others go on. */
  check(subject: string, check: string, judge: string, work: () => Promise<string>): Promise<void>;
  /** What cannot be checked counts as failed, unless skipping was allowed. */
  cannot(subject: string, check: string, judge: string, because: string): void;
}

/**
 * @param allowSkip whether what cannot be checked here is passed over.
 * @param tell hears of each result as it comes.
 */
export function createChecks(allowSkip: boolean, tell: (line: string) => void): Checks {
  const results: CheckResult[] = [];
  const add = (result: CheckResult) => {
    results.push(result);
    const sign = { passed: "✓", failed: "✗", skipped: "–" }[result.outcome];
    tell(`  ${sign} ${result.subject}: ${result.check} (${result.judge}): ${result.seen}`);
  };
  return {
    results,
    async check(subject, check, judge, work) {
      try {
        add({ subject, check, judge, outcome: "passed", seen: await work() });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        add({ subject, check, judge, outcome: "failed", seen: message.trim() });
      }
    },
    cannot(subject, check, judge, because) {
      add({ subject, check, judge, outcome: allowSkip ? "skipped" : "failed", seen: because });
    },
  };
}

/** A table of what was checked; the last line counts it. */
export function summaryOf(results: readonly CheckResult[]): readonly string[] {
  const rows = results.map(({ subject, check, judge, outcome, seen }) => {
    const [line = ""] = seen.split("\n");
    return [subject, check, judge, outcome, line.length > 70 ? `${line.slice(0, 69)}…` : line];
  });
  const count = (outcome: CheckResult["outcome"]) =>
    results.filter((result) => result.outcome === outcome).length;
  const skipped = count("skipped") === 0 ? "" : `, ${count("skipped")} skipped`;
  return [
    ...tableOf(["what", "check", "judge", "result", "seen"], rows),
    "",
    `${count("passed")} passed, ${count("failed")} failed${skipped}`,
  ];
}

/** @throws Error saying what was seen instead. */
export function requireEqual(what: string, seen: string, wanted: string): void {
  if (seen !== wanted) throw new Error(`${what} is ${seen}, not ${wanted}`);
}
