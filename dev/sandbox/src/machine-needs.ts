// What some tests need of the machine, and why it may be missing: the tests run on Linux, macOS and Windows.
import { spawnSync } from "node:child_process";

/** Why a need is not met here; undefined where it is. */
const reasons = {
  /** File modes, owners and umask. */
  "Unix permissions": () => (windows ? "Windows has no Unix permissions" : undefined),
  /** `runActionProcess` and `runWorkflow`: process groups, and bash that is not the one of WSL. */
  "the sandbox's runner": () =>
    windows ? "the sandbox's runner needs process groups and a POSIX shell" : undefined,
  /** Programs that start with `#!`. */
  "shebang scripts": () => (windows ? "Windows does not start shell scripts as programs" : undefined),
  FIFOs: () => (windows ? "Windows has no FIFOs in folders" : undefined),
  /** Made without extra rights, and of any target. */
  "symbolic links": () => (windows ? "Windows needs extra rights and a type for symbolic links" : undefined),
  /** Two names that differ in case or Unicode normalization only, and names that are not UTF-8. */
  "a file system that keeps bytes": () =>
    process.platform === "linux" ? undefined : "the file system folds case or normalizes names",
  "Helm from npm": () =>
    process.platform === "linux" && process.arch === "x64" ? undefined : "npm has Helm for Linux on x64 only",
  make: () => (spawnSync("make", ["--version"]).status === 0 ? undefined : "make is not installed"),
} as const;

export type MachineNeed = keyof typeof reasons;

const windows = process.platform === "win32";

/** Why this machine does not meet one of the needs; undefined where it meets all. */
export function whyNotHere(...needs: readonly MachineNeed[]): string | undefined {
  return needs.map((need) => reasons[need]()).find((reason) => reason !== undefined);
}
