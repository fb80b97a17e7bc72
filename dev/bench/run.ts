// make bench: what publishing costs, beside the command-line tools, in one run. Nothing passes or fails.
//
//   ROUNDS=7             publications of which each figure is the median; the large sites are published once
//   FILES=1000,10000     sizes of the large sites (default 1000,10000,50000)
//   LATENCIES=0,40       milliseconds per answer (default 0,20,40,80,160)
//   WRITE=1              puts tables and plots into docs/performance.md
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { formatBytes } from "@spin-publisher/action-runtime";
import { seedSpinImages, startRegistry, startUpstream } from "@spin-publisher/sandbox";
import { tableOf } from "../../scripts/table.ts";
import { costCells, costHeader } from "./cost.ts";
import { type Measurements, writeDocument } from "./document.ts";
import { preparations } from "./preparation.ts";
import { measureScale, type ScaleCost } from "./scale.ts";
import { startUpTable } from "./startup.ts";
import { type Bench, measureSteps, type StepCost, type StepName } from "./steps.ts";

const numbers = (text: string) => text.split(",").map(Number);
const rounds = Number(process.env.ROUNDS ?? 7);
const fileCounts = numbers(process.env.FILES ?? "1000,10000,50000");
const latencies = numbers(process.env.LATENCIES ?? "0,20,40,80,160");
/** The distance of a registry in another region, for the table. */
const usualLatency = latencies.includes(40) ? 40 : (latencies[0] ?? 0);

/** The steps at every latency, and what their tools need on a fresh runner. */
async function stepsAtAll(): Promise<{
  readonly sweep: Measurements["sweep"];
  readonly before: Readonly<Record<StepName, string>>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "bench-steps-"));
  const upstream = await startUpstream();
  const benches = await Promise.all(
    latencies.map(async (latencyMilliseconds): Promise<Bench> => {
      const own = join(folder, String(latencyMilliseconds));
      await seedSpinImages(join(own, "registry"));
      const registry = await startRegistry({ root: join(own, "registry"), latencyMilliseconds });
      return { folder: own, registry, upstream };
    }),
  );
  try {
    const measured = await measureSteps(benches, rounds);
    const sweep = latencies.map((latency, index) => ({ latency, steps: measured[index] ?? [] }));
    return { sweep, before: await preparations(upstream) };
  } finally {
    for (const { registry } of benches) await registry.close();
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Processor, memory and load: figures of a busy machine say little. */
function machine(): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  const [load = 0] = loadavg();
  const busy =
    load > availableParallelism() ? ", busy with other work: times are longer than on an idle machine" : "";
  return `${availableParallelism()} × ${model}, ${formatBytes(totalmem())}, Node ${process.version}, load ${load.toFixed(1)}${busy}`;
}

function stepRows(steps: readonly StepCost[], before: Readonly<Record<StepName, string>>, latency: number) {
  return steps.map(({ contender, cost }) => {
    const { step, tool, ours } = contender;
    const ourTime = steps.find((other) => other.contender.step === step && other.contender.ours)?.cost
      ?.milliseconds;
    const ratio =
      cost === undefined || ourTime === undefined ? "–" : `${(cost.milliseconds / ourTime).toFixed(1)}×`;
    const cells =
      cost === undefined
        ? costHeader.map((_, index) => (index === 0 ? "not installed" : "–"))
        : costCells(cost, latency);
    return [step, tool, ...cells, ratio, ours ? "none" : before[step]];
  });
}

function print(title: string, lines: readonly string[]): void {
  console.log(`\n${title}\n`);
  for (const line of lines) console.log(line);
}

const about = machine();
console.log(about);
const { sweep, before } = await stepsAtAll();
const stepHeader = ["step", "tool", ...costHeader, "to ours", "before it starts"];
let table: Measurements["steps"] = { header: [], rows: [] };
for (const { latency, steps } of sweep) {
  const rows = stepRows(steps, before, latency);
  print(
    `One changed page, everything else known, ${latency} ms per answer, medians of ${rounds}`,
    tableOf(stepHeader, rows),
  );
  if (latency === usualLatency) table = { header: stepHeader, rows };
}
const scale: ScaleCost[] = [];
for (const files of fileCounts) scale.push(...(await measureScale(files)));
const scaleHeader = ["files", "run", ...costHeader];
const scaleRows = scale.map(({ files, run, cost }) => [
  files.toLocaleString("en"),
  run,
  ...costCells(cost, 0),
]);
print("Large sites, 0 ms per answer, once each", tableOf(scaleHeader, scaleRows));
const startUp = startUpTable();
print("Start-up in milliseconds, of an action that has nothing to do", tableOf(startUp.header, startUp.rows));

if (process.env.WRITE === "1") {
  const measurements: Measurements = {
    ...{ about, rounds, latency: usualLatency, steps: table, sweep, startUp },
    scale: { header: scaleHeader, rows: scaleRows, costs: scale },
  };
  for (const file of await writeDocument(measurements)) console.log(`wrote ${file}`);
}
