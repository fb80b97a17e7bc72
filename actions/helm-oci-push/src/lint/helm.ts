import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export type LintMode = "auto" | "required" | "off";

export type HelmLint =
  | { readonly kind: "passed"; readonly version: string }
  | { readonly kind: "absent" }
  | { readonly kind: "failed"; readonly version: string; readonly output: string };

/** Runs a program to its end; rejects with `code`, `stdout` and `stderr` when it fails. */
export type Run = (program: string, args: readonly string[]) => Promise<{ stdout: string; stderr: string }>;

const runProgram: Run = (program, args) => promisify(execFile)(program, args, { timeout: 120_000 });

/**
 * Lints a packaged chart with the Helm on PATH, whichever major version that is: it alone can render the templates.
 *
 * @param folder where the package is put for Helm to read.
 */
export async function lintWithHelm(
  archive: Uint8Array,
  folder = tmpdir(),
  run: Run = runProgram,
): Promise<HelmLint> {
  const version = await run("helm", ["version", "--short"]).then(
    ({ stdout }) => stdout.trim(),
    (error: unknown) => {
      if (isMissing(error)) return undefined;
      throw new Error('The helm on PATH does not run; repair it or set lint to "off".', { cause: error });
    },
  );
  if (version === undefined) return { kind: "absent" };
  const place = await mkdtemp(join(folder, "lint-"));
  try {
    const file = join(place, "chart.tgz");
    await writeFile(file, archive);
    await run("helm", ["lint", file]);
    return { kind: "passed", version };
  } catch (error) {
    return { kind: "failed", version, output: outputOf(error).replaceAll(`${place}/`, "") };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function outputOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = [
    "stdout" in error && typeof error.stdout === "string" ? error.stdout : "",
    "stderr" in error && typeof error.stderr === "string" ? error.stderr : "",
  ];
  return parts.join("").trim() || error.message;
}
