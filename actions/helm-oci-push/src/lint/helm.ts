import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorCode } from "@spin-publisher/errors";
import { isObject } from "@spin-publisher/json";

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
  const place = await mkdtemp(join(folder, "lint-"));
  try {
    const file = join(place, "chart.tgz");
    await writeFile(file, archive);
    const [version, failure] = await Promise.all([
      versionOf(run),
      run("helm", ["lint", file]).then(
        () => undefined,
        (error: unknown) => outputOf(error).replaceAll(`${place}/`, ""),
      ),
    ]);
    if (version === undefined) return { kind: "absent" };
    return failure === undefined ? { kind: "passed", version } : { kind: "failed", version, output: failure };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Undefined where no helm is on PATH. */
async function versionOf(run: Run): Promise<string | undefined> {
  try {
    const { stdout } = await run("helm", ["version", "--short"]);
    return stdout.trim();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new Error('The helm on PATH does not run; repair it or set the input "lint" to off.', {
      cause: error,
    });
  }
}

/** What a failed program printed on both its streams, or else the error itself. */
function outputOf(error: unknown): string {
  const said = isObject(error) ? ["stdout", "stderr"].map((stream) => error[stream]).join("") : "";
  return said.trim() === "" ? String(error) : said.trim();
}
