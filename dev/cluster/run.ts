// make cluster: a Kubernetes of one node on this machine, from Debian packages and Go modules, in namespaces of its own.
// It installs the chart, rolls versions under load and measures what a pod's start takes. Nothing of it stays.
//
//   ROLLS=2   rolls under load for one pod, and for two
//   SET=…     further values of the chart, such as SET=drainSeconds=0
//   SPIN=…    a spin binary for the pods; without it, a stand-in that behaves like Spin on SIGTERM and on its health path
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "@spin-publisher/action-runtime";
import { messageOf } from "@spin-publisher/errors";
import { secondsText, tableOf } from "../../scripts/table.ts";
import { textOf } from "../interop/commands.ts";
import { createLedger } from "./ledger.ts";
import {
  type Measurement,
  makeNamespace,
  measureBroken,
  measureRolls,
  measureStarts,
  type RollResult,
  type StartResult,
  startWithoutRegistry,
  totalOf,
} from "./measure.ts";
import { obtainPrograms } from "./programs.ts";
import { publishSite } from "./publication.ts";
import { startCluster } from "./start-cluster.ts";

const root = join(import.meta.dirname, "../..");

/** Fewer requests than this would not show a gap of a few milliseconds. */
const leastRequests = 2000;

async function main(): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Error("make cluster needs root on Linux: it makes namespaces, cgroups and network devices.");
  }
  const rolls = Number(process.env.ROLLS || 2);
  if (!(Number.isInteger(rolls) && rolls >= 1))
    throw new Error(`ROLLS must be a number of rolls, but it is "${process.env.ROLLS}".`);
  const begun = performance.now();
  const tell = (line: string) =>
    console.log(`${secondsText(performance.now() - begun).padStart(9)}  ${line}`);
  const state = join(root, ".sandbox", "cluster");
  tell(
    "Kubernetes, Helm 4 and the stand-in are built once, which takes minutes; Debian's packages are unpacked, not installed.",
  );
  const programs = await obtainPrograms(join(root, ".sandbox", "tools"), tell);
  tell(programs.names.join(", "));
  await rm(state, { recursive: true, force: true });
  await mkdir(state, { recursive: true });
  const ledger = createLedger();
  const settle = async () => {
    for (const line of await ledger.settle()) {
      console.error(`Not removed: ${line}`);
      process.exitCode = 1;
    }
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      console.error(`\nStopped by ${signal}; removing the cluster.`);
      void settle().then(() => process.exit(130));
    });
  }
  try {
    const { SPIN: spin = "" } = process.env;
    const standIn = await readFile(programs.standIn);
    tell(
      spin === ""
        ? "The program in the pods is a stand-in that behaves like Spin on SIGTERM and on its health path (SPIN=/path/to/spin for a real one)."
        : `The program in the pods is ${await textOf(spin, ["--version"])}. Slow requests are ordinary ones.`,
    );
    const registry = join(state, "registry");
    const temporary = join(state, "publication");
    await publishSite({
      root,
      registry,
      temporary,
      binary: spin === "" ? standIn : await readFile(spin),
      pause: standIn,
    });
    await rm(temporary, { recursive: true, force: true });
    tell("published two versions and the chart");
    const cluster = await startCluster(programs.cluster, registry, state, ledger, tell);
    const log = join(state, "requests.log");
    const server = await cluster.startRegistry(log);
    const measurement: Measurement = {
      ...{ cluster, helms: programs.helms, folder: state, tell },
      slowPath: spin === "" ? "/slow" : "/index.txt",
    };
    await makeNamespace(measurement);
    const starts = await measureStarts(measurement, log);
    const withoutRegistry = await startWithoutRegistry(measurement, server, () => cluster.startRegistry(log));
    tell(`embed app, the registry stopped: a new pod was ready after ${secondsText(withoutRegistry)}`);
    const results = [
      ...(await measureRolls(measurement, 1, rolls)),
      ...(await measureRolls(measurement, 2, rolls)),
      ...(await measureBroken(measurement)),
    ];
    console.log(`\n${[...startLines(starts), "", ...rollLines(results)].join("\n")}\n`);
    const problems = problemsOf(starts, results);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await settle();
    tell("everything removed but logs and registry in .sandbox/cluster");
  }
}

function startLines(starts: readonly StartResult[]): readonly string[] {
  return tableOf(
    ["embed", "image, once per node", "content, each start", "requests", "ready after"],
    starts.map(({ embed, imageBytes, contentBytes, contentRequests, readyMilliseconds }) => [
      embed,
      formatBytes(imageBytes),
      formatBytes(contentBytes),
      String(contentRequests),
      secondsText(readyMilliseconds),
    ]),
  );
}

function rollLines(results: readonly RollResult[]): readonly string[] {
  return tableOf(
    ["roll", "pods", "ready after", "requests", "new", "kept", "slow", "sent again", "failed"],
    results.map(({ what, replicas, rollMilliseconds, load: { requests, failed, sentAgain } }) => [
      what,
      String(replicas),
      secondsText(rollMilliseconds),
      ...[totalOf(requests), requests.new, requests.kept, requests.slow].map(String),
      ...[totalOf(sentAgain), totalOf(failed)].map(String),
    ]),
  );
}

/** What a run must show. */
export function problemsOf(
  starts: readonly StartResult[],
  results: readonly RollResult[],
): readonly string[] {
  const rolls = results.flatMap(({ what, replicas, load: { requests, failed, bodies } }) => {
    const [all, lost] = [totalOf(requests), totalOf(failed)];
    const at = `${what}, ${replicas} pods`;
    return [
      ...(lost > 0 ? [`${at}: ${lost} of ${all} requests failed, expected none.`] : []),
      ...(all < leastRequests ? [`${at}: only ${all} requests were made, expected ${leastRequests}.`] : []),
      ...(what.startsWith("broken") || bodies.length === 2
        ? []
        : [`${at}: ${bodies.length} versions answered, expected 2.`]),
    ];
  });
  const app = starts.find(({ embed }) => embed === "app");
  const asked =
    app !== undefined && app.contentRequests > 0
      ? [`embed app: ${app.contentRequests} requests for content, expected none.`]
      : [];
  return [...asked, ...rolls];
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
