// Namespaces of the kernel for networks, mounts and processes, in which the whole cluster lives. They end with the
// process that holds them, and with them every process, mount and network device of the cluster: also when we are killed.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { run } from "../interop/commands.ts";
import { waitUntil } from "./background.ts";
import type { Ledger } from "./ledger.ts";

export interface World {
  /** A command that runs its arguments in the namespaces. */
  readonly within: readonly string[];
  /** Runs a program there and returns what it printed. */
  run(command: readonly string[], options?: Parameters<typeof run>[2]): Promise<string>;
}

/** The node's address. Pods reach the registry on it. */
export const nodeAddress = "10.222.0.2";

/** Folders that programs write to wherever they are told to; in there, they are empty and in memory. */
const hidden = ["/run", "/var/lib", "/var/log"];

/** Commands that prepare the namespaces, in their order. */
export const preparation: readonly (readonly string[])[] = [
  ...hidden.map((folder) => ["mount", "-t", "tmpfs", "tmpfs", folder]),
  ["mkdir", "-p", "/run/netns", "/var/lib/cni", "/var/log/pods"],
  ["ip", "link", "set", "lo", "up"],
  ["ip", "link", "add", "node0", "type", "bridge"],
  ["ip", "address", "add", `${nodeAddress}/24`, "dev", "node0"],
  ["ip", "link", "set", "node0", "up"],
  // Kubernetes' programs look for the address of the default route. It leads nowhere.
  ["ip", "route", "add", "default", "via", "10.222.0.1", "dev", "node0"],
  ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
];

export async function openWorld(ledger: Ledger): Promise<World> {
  // Its input is ours: it ends when we close it, or when we are gone.
  const holder = spawn(
    "unshare",
    ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", "cat > /dev/null"],
    { stdio: ["pipe", "ignore", "inherit"], detached: true },
  );
  const ended = new Promise<void>((done) => holder.once("close", () => done()));
  ledger.owe("the namespaces", async () => {
    holder.stdin.end();
    await ended;
  });
  const children = `/proc/${holder.pid}/task/${holder.pid}/children`;
  let first = "";
  await waitUntil(
    "the namespaces exist",
    async () => {
      first = (await readFile(children, "utf8")).trim();
      return first !== "" && (await readFile(`/proc/${first}/comm`, "utf8")).trim() === "sh";
    },
    { seconds: 10, everyMilliseconds: 50 },
  );
  const within = ["nsenter", `--target=${first}`, "--net", "--mount", "--pid", "--"];
  const world: World = {
    within,
    async run(command, options) {
      const [program = "", ...args] = [...within, ...command];
      return (await run(program, args, options)).toString().trim();
    },
  };
  for (const command of preparation) await world.run(command);
  return world;
}
