import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../interop/commands.ts";
import { type Background, startInBackground, waitUntil } from "./background.ts";
import type { Ledger } from "./ledger.ts";

/** Paths of programs. */
export interface ControlPlanePrograms {
  readonly etcd: string;
  readonly apiServer: string;
  readonly kubectl: string;
}

/** Ports on 127.0.0.1. */
export interface ControlPlanePorts {
  readonly etcd: number;
  readonly etcdPeers: number;
  readonly api: number;
}

export interface ControlPlaneOptions {
  readonly programs: ControlPlanePrograms;
  /** An empty folder for keys, data and logs. */
  readonly folder: string;
  readonly ports: ControlPlanePorts;
  /** A command that runs its arguments elsewhere: `ip netns exec NAME`. Empty: here. */
  readonly within?: readonly string[];
  readonly authorization: "AlwaysAllow" | "Node,RBAC";
  /** Users besides the administrator: name → groups. */
  readonly users?: Readonly<Record<string, readonly string[]>>;
}

export interface ControlPlane {
  /** The kubeconfig of a user; the administrator's without one. */
  kubeconfig(user?: string): string;
  readonly key: string;
  readonly processes: readonly Background[];
}

const administrator = "administrator";

/** Arguments of etcd: nothing that it stores outlives it, so that it need not wait for the disk. */
export function etcdArguments(folder: string, { etcd, etcdPeers }: ControlPlanePorts): readonly string[] {
  const clients = `http://127.0.0.1:${etcd}`;
  const peers = `http://127.0.0.1:${etcdPeers}`;
  return [
    `--data-dir=${join(folder, "etcd")}`,
    "--unsafe-no-fsync",
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
  ];
}

/** Arguments of the API server. It makes its own certificate, and knows its users by token. */
export function apiServerArguments(
  folder: string,
  ports: ControlPlanePorts,
  authorization: ControlPlaneOptions["authorization"],
): readonly string[] {
  const key = join(folder, "service-accounts.pem");
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--cert-dir=${join(folder, "certificates")}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.api}`,
    "--service-account-issuer=https://cluster.invalid",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    `--authorization-mode=${authorization}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    // Pods do not talk to it, and it could not be reached by them on loopback.
    "--endpoint-reconciler-type=none",
    "--profiling=false",
  ];
}

/** Lines of the token file: token, user, identifier, groups. */
export function tokenLines(
  tokens: Readonly<Record<string, string>>,
  users: Readonly<Record<string, readonly string[]>>,
): string {
  return Object.entries(users)
    .map(([user, groups]) => `${tokens[user]},${user},${user},"${groups.join(",")}"\n`)
    .join("");
}

/**
 * Starts etcd and an API server, and waits until it is ready.
 *
 * @throws Error with what the program said that ended.
 */
export async function startControlPlane(options: ControlPlaneOptions, ledger: Ledger): Promise<ControlPlane> {
  const { programs, folder, ports, within = [], authorization } = options;
  const users = { [administrator]: ["system:masters"], ...options.users };
  await mkdir(folder, { recursive: true });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = join(folder, "service-accounts.pem");
  await writeFile(key, privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  const tokens = Object.fromEntries(
    Object.keys(users).map((user) => [user, randomBytes(24).toString("hex")]),
  );
  await writeFile(join(folder, "tokens.csv"), tokenLines(tokens, users), { mode: 0o600 });
  const kubeconfig = (user = administrator) => join(folder, `${user.replaceAll(/\W+/g, "-")}.kubeconfig`);
  for (const user of Object.keys(users)) {
    await writeFile(kubeconfig(user), kubeconfigText(ports.api, tokens[user] ?? ""), { mode: 0o600 });
  }
  const processes: Background[] = [];
  const start = async (name: string, command: readonly string[]) => {
    const log = join(folder, `${name}.log`);
    const program = await startInBackground(name, [...within, ...command], { log, cwd: folder });
    ledger.owe(name, program.stop);
    processes.push(program);
  };
  await start("etcd", [programs.etcd, ...etcdArguments(folder, ports)]);
  await start("kube-apiserver", [programs.apiServer, ...apiServerArguments(folder, ports, authorization)]);
  const [program = "", ...ready] = [
    ...within,
    programs.kubectl,
    `--kubeconfig=${kubeconfig()}`,
    "--request-timeout=5s",
    "get",
    "--raw=/readyz",
  ];
  await waitUntil("the API server is ready", async () => (await run(program, ready)).toString() === "ok", {
    seconds: 120,
    running: processes,
  });
  return { kubeconfig, key, processes };
}

/** JSON, which is YAML too. The certificate is the server's own, made a moment ago on this machine. */
function kubeconfigText(port: number, token: string): string {
  const cluster = { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "cluster", cluster }],
    users: [{ name: "user", user: { token } }],
    contexts: [{ name: "context", context: { cluster: "cluster", user: "user" } }],
    "current-context": "context",
  });
}
