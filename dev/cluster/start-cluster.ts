import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Background, startInBackground, waitUntil } from "./background.ts";
import { makeCgroups, removeCgroups } from "./cgroups.ts";
import { startControlPlane } from "./control-plane.ts";
import type { Ledger } from "./ledger.ts";
import { containerdSocket, nodeFiles, nodeName, registryPort } from "./node-files.ts";
import { nodeAddress, openWorld, type World } from "./world.ts";

/** Paths of everything that runs. */
export interface ClusterPrograms {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kubelet: string;
  readonly proxy: string;
  readonly kubectl: string;
  readonly containerd: string;
  readonly runc: string;
  /** The folder of the CNI plugins. */
  readonly plugins: string;
}

export interface Cluster {
  readonly world: World;
  readonly kubeconfig: string;
  kubectl(...args: readonly string[]): Promise<string>;
  /** Starts the registry, with its requests as lines in a file. */
  startRegistry(log: string): Promise<Background>;
}

const ports = { etcd: 2379, etcdPeers: 2380, api: 6443 };

/**
 * Starts a cluster of one node in namespaces of its own.
 *
 * @param registry the folder of the registry that it pulls from.
 * @param folder for state and logs; made, and kept for whoever looks for a reason.
 */
export async function startCluster(
  programs: ClusterPrograms,
  registry: string,
  folder: string,
  ledger: Ledger,
  tell: (line: string) => void,
): Promise<Cluster> {
  await removeCgroups(); // of a run that was killed
  ledger.owe("cgroups", async () => {
    await waitUntil("the cgroups are empty", async () => removeCgroups().then(() => true), { seconds: 20 });
  });
  await makeCgroups();
  const node = join(folder, "node");
  ledger.owe("files of the cluster", async () => {
    for (const part of [node, join(folder, "control-plane")])
      await rm(part, { recursive: true, force: true });
  });
  const world = await openWorld(ledger);
  const background = async (
    name: string,
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) => {
    const program = await startInBackground(name, [...world.within, ...command], {
      log: join(folder, `${name}.log`),
      env,
    });
    ledger.owe(name, program.stop);
    return program;
  };
  const registryProcess = join(import.meta.dirname, "registry-process.ts");
  const startRegistry = async (log: string) => {
    const program = await startInBackground(
      "registry",
      [...world.within, process.execPath, registryProcess, registry, String(registryPort), nodeAddress],
      { log },
    );
    ledger.owe("registry", program.stop);
    const probe = `fetch("http://${nodeAddress}:${registryPort}/v2/").then((it) => process.exit(it.ok ? 0 : 1))`;
    await waitUntil(
      "the registry answers",
      async () => (await world.run([process.execPath, "-e", probe])) === "",
      { seconds: 30, running: [program] },
    );
    return program;
  };

  const controlPlane = await startControlPlane(
    {
      programs,
      folder: join(folder, "control-plane"),
      ports,
      within: world.within,
      authorization: "Node,RBAC",
      users: { [`system:node:${nodeName}`]: ["system:nodes"] },
    },
    ledger,
  );
  const kubeconfig = controlPlane.kubeconfig();
  tell("API server ready");
  for (const [path, text] of Object.entries(
    nodeFiles({ folder: node, runc: programs.runc, plugins: programs.plugins, proxyKubeconfig: kubeconfig }),
  )) {
    await mkdir(dirname(join(node, path)), { recursive: true });
    await writeFile(join(node, path), text);
  }
  const path = `${dirname(programs.containerd)}:${dirname(programs.runc)}:${process.env.PATH}`;
  const containerd = await background(
    "containerd",
    [programs.containerd, `--config=${join(node, "containerd.toml")}`],
    { PATH: path },
  );
  // The kubelet looks once, and ends.
  await waitUntil(
    "containerd listens",
    async () => (await world.run(["test", "-S", containerdSocket])) === "",
    { seconds: 30, running: [containerd], everyMilliseconds: 50 },
  );
  const running = [
    await background("kube-controller-manager", [
      programs.controllerManager,
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${controlPlane.key}`,
      "--leader-elect=false",
      "--secure-port=0",
    ]),
    await background("kube-scheduler", [
      programs.scheduler,
      `--kubeconfig=${kubeconfig}`,
      "--leader-elect=false",
      "--secure-port=0",
    ]),
    containerd,
    await background(
      "kubelet",
      [
        programs.kubelet,
        `--config=${join(node, "kubelet.yaml")}`,
        `--kubeconfig=${controlPlane.kubeconfig(`system:node:${nodeName}`)}`,
        `--root-dir=${join(node, "kubelet")}`,
        `--cert-dir=${join(node, "kubelet-certificates")}`,
        `--hostname-override=${nodeName}`,
        `--node-ip=${nodeAddress}`,
      ],
      { PATH: path },
    ),
    await background("kube-proxy", [programs.proxy, `--config=${join(node, "proxy.yaml")}`]),
  ];
  const kubectl: Cluster["kubectl"] = (...args) =>
    world.run(
      [programs.kubectl, `--kubeconfig=${kubeconfig}`, `--cache-dir=${join(node, "discovery")}`, ...args],
      {
        timeoutSeconds: 300,
      },
    );
  const ready = 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}';
  await waitUntil("the node is ready", async () => (await kubectl("get", "nodes", "-o", ready)) === "True", {
    seconds: 120,
    running,
  });
  tell("node ready");
  return { world, kubeconfig, kubectl, startRegistry };
}
