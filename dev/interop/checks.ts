import { messageOf } from "@spin-publisher/errors";
import { tableOf } from "../../scripts/table.ts";

/** The result of one check. */
export interface CheckResult {
  /** What is checked: an artifact in a registry, or the sandbox's registry. */
  readonly subject: string;
  readonly check: string;
  /** The third-party program that checked it, with its version. */
  readonly judge: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** What was found, or why the check failed or was skipped, in one line. */
  readonly seen: string;
}

export interface Checks {
  readonly results: readonly CheckResult[];
  /** Runs a check, which returns what it found or throws. A failed check does not stop the others. */
  check(subject: string, check: string, judge: string, work: () => Promise<string>): Promise<void>;
  /** Records a check that cannot run here: failed, unless skipping is allowed. */
  cannot(subject: string, check: string, judge: string, because: string): void;
}

/**
 * @param allowSkip whether checks that cannot run here are skipped.
 * @param tell receives each result as it arrives.
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
        add({ subject, check, judge, outcome: "failed", seen: messageOf(error).trim() });
      }
    },
    cannot(subject, check, judge, because) {
      add({ subject, check, judge, outcome: allowSkip ? "skipped" : "failed", seen: because });
    },
  };
}

/** A table of the results; the last line counts them. */
export function summaryOf(results: readonly CheckResult[]): readonly string[] {
  const rows = results.map(({ subject, check, judge, outcome, seen }) => {
    const [line = ""] = seen.split("\n");
    return [subject, check, judge, outcome, line.length > 70 ? `${line.slice(0, 69)}…` : line];
  });
  const count = (outcome: CheckResult["outcome"]) =>
    results.filter((result) => result.outcome === outcome).length;
  const skipped = count("skipped") === 0 ? "" : `, ${count("skipped")} skipped`;
  return [
    ...tableOf(["subject", "check", "judge", "result", "found"], rows),
    "",
    `${count("passed")} passed, ${count("failed")} failed${skipped}`,
  ];
}

/** @throws Error with both values where they differ. */
export function requireEqual(what: string, seen: string, wanted: string): void {
  if (seen !== wanted) throw new Error(`${what} is ${seen}, expected ${wanted}`);
}
