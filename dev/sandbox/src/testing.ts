// For tests only: it imports Jest, which exists in its own processes alone.
import { describe, test } from "@jest/globals";
import { type MachineNeed, whyNotHere } from "./machine-needs.ts";

type Test = Pick<typeof test, "each"> & ((...args: Parameters<typeof test>) => void);
type Describe = Pick<typeof describe, "each"> & ((...args: Parameters<typeof describe>) => void);

/** `test` where the machine meets the needs; elsewhere it skips, with the reason in the name. */
export function testNeeding(...needs: readonly MachineNeed[]): Test {
  return skippedUnless(whyNotHere(...needs), test, test.skip);
}

/** `describe` where the machine meets the needs; elsewhere it skips, with the reason in the name. */
export function describeNeeding(...needs: readonly MachineNeed[]): Describe {
  return skippedUnless(whyNotHere(...needs), describe, describe.skip);
}

// biome-ignore lint/suspicious/noExplicitAny: the overloads of `each` cannot be written without it
type Named = { (name: any, ...rest: any[]): void; each: any };

/** @param reason why it is skipped; undefined where it runs. */
export function skippedUnless<Run extends Named>(reason: string | undefined, run: Run, skip: Named): Run {
  if (reason === undefined) return run;
  const titled = (name: unknown) => `${String(name)} [skipped: ${reason.replaceAll("%", "%%")}]`;
  const skipped: Named = (name, ...rest) => skip(titled(name), ...rest);
  skipped.each = (...table: readonly unknown[]) => {
    const each = skip.each(...table);
    return (name: unknown, ...rest: readonly unknown[]) => each(titled(name), ...rest);
  };
  return skipped as Run;
}
