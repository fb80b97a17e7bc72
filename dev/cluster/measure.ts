import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "@spin-publisher/errors";
import type { Tool } from "../interop/tool.ts";
import { type Background, waitUntil } from "./background.ts";
import type { LoadCount } from "./load.ts";
import { registryHost, registryPort } from "./node-files.ts";
import {
  brokenVersion,
  chartVersion,
  contentRepository,
  type Embed,
  embeds,
  shimRepository,
  versions,
} from "./publication.ts";
import type { Cluster } from "./start-cluster.ts";

/** What a pod's start took from the registry. */
export interface StartResult {
  readonly embed: Embed;
  /** On a node that has no layer of the image. */
  readonly imageBytes: number;
  /** Every time that a pod starts. */
  readonly contentRequests: number;
  readonly contentBytes: number;
  /** From `helm install` until the pod is ready, the image pulled. */
  readonly readyMilliseconds: number;
}

export interface RollResult {
  readonly what: string;
  readonly replicas: number;
  readonly load: LoadCount;
  readonly rollMilliseconds: number;
}

export interface Measurement {
  readonly cluster: Cluster;
  readonly helms: readonly Tool[];
  /** A folder for logs and Helm's home. */
  readonly folder: string;
  /** The path that takes two seconds, where the program in the pods has one. */
  readonly slowPath: string;
  readonly tell: (line: string) => void;
}

const namespace = "site";
const chart = `oci://127.0.0.1:${registryPort}/octo-org/charts/bart`;

/** Runs Helm, in the cluster's network. */
async function helm({ cluster, helms, folder }: Measurement, index: number, args: readonly string[]) {
  const tool = helms[index];
  if (tool === undefined) throw new Error("no such Helm");
  const env = [`HOME=${join(folder, "helm")}`, `KUBECONFIG=${cluster.kubeconfig}`];
  return cluster.world.run(["env", ...env, tool.path, ...args], { timeoutSeconds: 300 });
}

/** Further `--set` arguments, to measure what a value of the chart is worth: `SET=drainSeconds=0`. */
const further = (process.env.SET ?? "").split(" ").filter((setting) => setting !== "");

function settings(embed: Embed, version: string, replicas: number): readonly string[] {
  const values = {
    "image.registry": registryHost,
    "image.repository": shimRepository(embed),
    replicaCount: replicas,
    // The site of this measurement has no page at `/`.
    "readinessProbe.httpGet.path": "/index.txt",
  };
  return [
    ...["--namespace", namespace, "--version", chartVersion],
    ...Object.entries(values).flatMap(([name, value]) => ["--set", `${name}=${value}`]),
    ...["--set-string", `image.tag=${version}`],
    ...further.flatMap((setting) => ["--set", setting]),
  ];
}

const release = "blog";
const installed = ["--wait", "--timeout", "120s"];

const isHelm4 = ({ name }: Tool) => name.startsWith("helm v4");

/** Helm 3 recognises a registry on this machine by its address; Helm 4 is told. */
const transport = (tool: Tool) => (isHelm4(tool) ? ["--plain-http"] : []);

/** A namespace that refuses what the Pod Security Standard "restricted" does. */
export async function makeNamespace({ cluster }: Measurement): Promise<void> {
  await cluster.kubectl("create", "namespace", namespace);
  await cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted");
}

/** One pod that nobody visits, so that it may end at once. */
function brief(embed: Embed): readonly string[] {
  return [...settings(embed, versions[0], 1), "--set", "drainSeconds=0"];
}

/** Starts a pod for each embed mode: on a node without the image, and again with it. */
export async function measureStarts(measurement: Measurement, log: string): Promise<readonly StartResult[]> {
  const results: StartResult[] = [];
  for (const embed of embeds) {
    const before = (await requestsIn(log)).length;
    await helm(measurement, 0, ["install", release, chart, ...brief(embed), ...installed]);
    await sleep(500); // the registry writes its log ten times a second
    const first = (await requestsIn(log)).slice(before);
    await removeRelease(measurement);
    const started = performance.now();
    const again = (await requestsIn(log)).length;
    await helm(measurement, 0, ["install", release, chart, ...brief(embed), ...installed]);
    const readyMilliseconds = performance.now() - started;
    await sleep(500);
    const content = (await requestsIn(log))
      .slice(again)
      .filter(({ repository }) => repository === contentRepository);
    await removeRelease(measurement);
    results.push({
      embed,
      readyMilliseconds,
      imageBytes: bytesOf(first.filter(({ repository }) => repository === shimRepository(embed))),
      contentRequests: content.length,
      contentBytes: bytesOf(content),
    });
    measurement.tell(`embed ${embed}: ${content.length} requests for content at a pod's start`);
  }
  return results;
}

/** Starts a pod with `embed: app` while there is no registry. */
export async function startWithoutRegistry(
  measurement: Measurement,
  registry: Background,
  restart: () => Promise<Background>,
): Promise<number> {
  const { cluster } = measurement;
  await helm(measurement, 0, ["install", release, chart, ...brief("app"), ...installed]);
  await registry.stop();
  const started = performance.now();
  await cluster.kubectl("--namespace", namespace, "rollout", "restart", "deployment/blog-bart");
  await cluster.kubectl(
    "--namespace",
    namespace,
    "rollout",
    "status",
    "deployment/blog-bart",
    "--timeout=120s",
  );
  const elapsed = performance.now() - started;
  await restart();
  await removeRelease(measurement);
  return elapsed;
}

/** Rolls to the next version and back, under load, `count` rolls in all. */
export async function measureRolls(
  measurement: Measurement,
  replicas: number,
  count: number,
): Promise<readonly RollResult[]> {
  await helm(measurement, 0, [
    "install",
    release,
    chart,
    ...settings("modules", versions[0], replicas),
    ...installed,
  ]);
  const results: RollResult[] = [];
  for (let roll = 0; roll < count; roll += 1) {
    const forward = roll % 2 === 0;
    const what = forward ? `${versions[0]} → ${versions[1]}` : `rollback to ${versions[0]}`;
    const upgrade = ["upgrade", release, chart, ...settings("modules", versions[1], replicas), ...installed];
    const rollback = ["rollback", release, "--namespace", namespace, ...installed];
    results.push(
      await underLoad(measurement, what, replicas, async () => {
        await helm(measurement, 0, forward ? upgrade : rollback);
      }),
    );
  }
  await removeRelease(measurement);
  return results;
}

/** An upgrade to an image that does not start, taken back by each Helm. */
export async function measureBroken(measurement: Measurement): Promise<readonly RollResult[]> {
  const results: RollResult[] = [];
  for (const [index, tool] of measurement.helms.entries()) {
    const flag = isHelm4(tool) ? "--rollback-on-failure" : "--atomic";
    const start = ["install", release, chart, ...settings("modules", versions[0], 2), ...transport(tool)];
    await helm(measurement, index, [...start, ...installed]);
    const broken = settings("modules", brokenVersion, 2);
    const upgrade = ["upgrade", release, chart, ...broken, ...transport(tool), flag, "--timeout", "25s"];
    results.push(
      await underLoad(measurement, `broken image, ${tool.name} ${flag}`, 2, async () => {
        const refused = await helm(measurement, index, upgrade).then(
          () => undefined,
          (error: unknown) => messageOf(error),
        );
        if (refused === undefined) throw new Error(`${tool.name} took the broken image for a working one`);
        if (!/rolled back|roll(?:ed)?.?back|uninstall/i.test(refused)) throw new Error(refused);
      }),
    );
    await removeRelease(measurement);
  }
  return results;
}

async function underLoad(
  measurement: Measurement,
  what: string,
  replicas: number,
  work: () => Promise<void>,
): Promise<RollResult> {
  const { cluster, tell } = measurement;
  const load = await startLoad(measurement);
  let rollMilliseconds = 0;
  try {
    await sleep(1500);
    const started = performance.now();
    await work();
    rollMilliseconds = performance.now() - started;
    const pods = ["get", "pods", "--namespace", namespace, "-o", "name"];
    await waitUntil(
      "the old pods are gone",
      async () => (await cluster.kubectl(...pods)).split("\n").length === replicas,
      { seconds: 60, everyMilliseconds: 500 },
    );
    await sleep(1500);
  } finally {
    load.end();
  }
  const count = await load.result;
  const [requests, failed] = [totalOf(count.requests), totalOf(count.failed)];
  tell(
    `${what}, ${replicas} pods: ${failed} of ${requests} requests failed, ${totalOf(count.sentAgain)} sent again (${count.sentAgain.slow} slow ones)`,
  );
  for (const [reason, times] of Object.entries(count.reasons)) tell(`  ${times} × ${reason}`);
  return { what, replicas, rollMilliseconds, load: count };
}

export function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

async function startLoad({ cluster, slowPath }: Measurement) {
  const address = await cluster.kubectl(
    ...["--namespace", namespace, "get", "service", "blog-bart", "-o", "jsonpath={.spec.clusterIP}"],
  );
  const script = join(import.meta.dirname, "load.ts");
  const [program = "", ...args] = [
    ...cluster.world.within,
    ...[process.execPath, script, `http://${address}`, "/index.txt", slowPath],
  ];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const result = new Promise<LoadCount>((done, failed) => {
    child.once("error", failed);
    child.once("close", () => {
      try {
        done(JSON.parse(printed));
      } catch (cause) {
        failed(new Error("the load ended without a count", { cause }));
      }
    });
  });
  result.catch(() => {}); // awaited after the work, which may fail first
  return { end: () => child.stdin.end(), result };
}

async function removeRelease(measurement: Measurement): Promise<void> {
  await helm(measurement, 0, ["uninstall", release, "--namespace", namespace, "--wait"]);
  const pods = ["get", "pods", "--namespace", namespace, "-o", "name"];
  await waitUntil("the pods are gone", async () => (await measurement.cluster.kubectl(...pods)) === "", {
    seconds: 60,
    everyMilliseconds: 500,
  });
}

export interface RegistryRequest {
  readonly repository?: string;
  readonly responseBytes: number;
}

async function requestsIn(log: string): Promise<readonly RegistryRequest[]> {
  return parseRequests(await readFile(log, "utf8"));
}

/** The registry's lines; what is not one of them is left out. */
export function parseRequests(text: string): readonly RegistryRequest[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

export function bytesOf(requests: readonly RegistryRequest[]): number {
  return requests.reduce((total, { responseBytes }) => total + responseBytes, 0);
}
