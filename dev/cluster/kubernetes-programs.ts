import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import { run } from "../interop/commands.ts";
import { isTool, type Obtained } from "../interop/tool.ts";

/** A command of Kubernetes, or of this folder's Go module. */
export type KubernetesProgram =
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-proxy"
  | "kube-scheduler"
  | "kubectl"
  | "kubelet";

/** The version of Kubernetes in go.mod, such as `v1.34.4`. */
export async function kubernetesVersion(): Promise<string> {
  const [, version] =
    /^\s*(?:require )?k8s\.io\/kubernetes (v\S+)/m.exec(
      await readFile(join(import.meta.dirname, "go.mod"), "utf8"),
    ) ?? [];
  if (version === undefined) throw new Error("dev/cluster/go.mod does not require k8s.io/kubernetes");
  return version;
}

/**
 * Arguments of `go build`. A module does not know its version, and Helm compares the server's with the chart's
 * `kubeVersion`.
 */
export function buildArguments(
  version: string,
  folder: string,
  programs: readonly KubernetesProgram[],
): readonly string[] {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const stamp = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const stamped = Object.entries(stamp).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  return [
    "build",
    "-trimpath",
    `-ldflags=-s -w ${stamped.join(" ")}`,
    "-o",
    `${folder}/`,
    ...programs.map((program) => `k8s.io/kubernetes/cmd/${program}`),
  ];
}

/**
 * Builds the programs that are not cached yet, all at once: they share most packages.
 *
 * @param compiler finds Go; called only when something is to be built.
 */
export async function kubernetesPrograms<Name extends KubernetesProgram>(
  programs: readonly Name[],
  cache: string,
  compiler: () => Promise<Obtained>,
  tell: (line: string) => void,
): Promise<Readonly<Record<Name, Obtained>>> {
  const version = await kubernetesVersion();
  const folder = join(cache, `kubernetes-${version}`);
  const absent: Name[] = [];
  for (const program of programs) if (!(await exists(join(folder, program)))) absent.push(program);
  const because = absent.length === 0 ? "" : await build(absent, version, folder, compiler, tell);
  const all = programs.map((program): readonly [Name, Obtained] => {
    const name = `${program} ${version}`;
    return [
      program,
      because !== "" && absent.includes(program) ? { name, because } : { name, path: join(folder, program) },
    ];
  });
  return Object.fromEntries(all) as Record<Name, Obtained>;
}

/** @returns why it failed, or nothing. */
async function build(
  programs: readonly KubernetesProgram[],
  version: string,
  folder: string,
  compiler: () => Promise<Obtained>,
  tell: (line: string) => void,
): Promise<string> {
  const go = await compiler();
  if (!isTool(go)) return `it is built with ${go.name}, but ${go.because}`;
  const partial = `${folder}.partial`; // so that a partial build is not taken for a complete one
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    tell(`go build ${programs.join(" ")} ${version}: several minutes on two cores, once`);
    await run(go.path, buildArguments(version, partial, programs), {
      cwd: import.meta.dirname,
      env: { GOFLAGS: "-buildvcs=false", GOWORK: "off", CGO_ENABLED: "0" },
      timeoutSeconds: 2400,
    });
    await mkdir(folder, { recursive: true });
    for (const program of programs) await rename(join(partial, program), join(folder, program));
    return "";
  } catch (error) {
    return messageOf(error);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
