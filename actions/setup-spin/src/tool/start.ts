import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { errorCode } from "@spin-publisher/errors";
import { isObject } from "@spin-publisher/json";

/** Spin answers in a few milliseconds; a machine that is swapping may need some more. */
const patienceMilliseconds = 30_000;

/** What came of starting a binary with `--version`. */
export type Start =
  | { readonly kind: "right-version" }
  /** It ran and said something else. */
  | { readonly kind: "other-version"; readonly said: string }
  /** The system did not start it, or it failed; `because` is a clause. */
  | { readonly kind: "failed"; readonly because: string }
  /** The system refuses to execute files in this folder, or this file. */
  | { readonly kind: "not-executable" };

/**
 * Starts a binary and compares its version: `spin --version` prints `spin 4.0.2 (8bb2e38 2026-06-23)`. Never throws:
 * the binary may be anything.
 */
export async function startSpin(binary: string, version: string): Promise<Start> {
  try {
    const { stdout } = await promisify(execFile)(binary, ["--version"], { timeout: patienceMilliseconds });
    const said = stdout.trim().slice(0, 80);
    return said.split(/\s+/)[1] === version
      ? { kind: "right-version" }
      : { kind: "other-version", said: said.split("\n")[0] ?? "" };
  } catch (error) {
    return errorCode(error) === "EACCES"
      ? { kind: "not-executable" }
      : { kind: "failed", because: whyItFailed(error) };
  }
}

function whyItFailed(error: unknown): string {
  const { code, signal, killed } = isObject(error) ? error : {};
  if (killed === true) return `it did not answer within ${patienceMilliseconds / 1000} s`;
  if (typeof signal === "string") return `it ended with ${signal}`;
  if (typeof code === "number") return `it ended with exit code ${code}`;
  if (code === "ENOENT") return "it, or the loader that it names, does not exist";
  if (code === "ENOEXEC") return "it is not a program for this machine";
  return `the system did not start it (${String(code)})`;
}

/** Why a binary is not the requested version, as a clause; undefined where it is. */
export async function whyUnusable(binary: string, version: string): Promise<string | undefined> {
  const start = await startSpin(binary, version);
  switch (start.kind) {
    case "right-version":
      return undefined;
    case "other-version":
      return `it says that it is "${start.said}"`;
    case "not-executable":
      return "it may not be executed";
    case "failed":
      return start.because;
  }
}
