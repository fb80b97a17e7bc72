// Puts measurements into docs/performance.md, between its markers, and draws its plots.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { plotSvg, type Series } from "./plot.ts";
import type { ScaleCost } from "./scale.ts";
import type { StepCost } from "./steps.ts";

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Measurements {
  /** The machine. */
  readonly about: string;
  readonly rounds: number;
  /** Of the table of steps, in milliseconds. */
  readonly latency: number;
  readonly steps: Table;
  readonly sweep: readonly { readonly latency: number; readonly steps: readonly StepCost[] }[];
  readonly scale: Table & { readonly costs: readonly ScaleCost[] };
  readonly startUp: Table;
}

/** @returns the files that were written, relative to the repository. */
export async function writeDocument(measurements: Measurements): Promise<readonly string[]> {
  const root = join(import.meta.dirname, "../..");
  const file = "docs/performance.md";
  const text = await readFile(join(root, file), "utf8");
  const contents = {
    [file]: withMeasurements(text, measurements),
    "docs/performance-latency.svg": latencyPlot(measurements),
    "docs/performance-files.svg": filesPlot(measurements),
  };
  for (const [path, content] of Object.entries(contents)) await writeFile(join(root, path), content);
  return Object.keys(contents);
}

/** @throws Error when the document lacks a marker. */
export function withMeasurements(document: string, measurements: Measurements): string {
  const { about, rounds, latency, steps, scale, startUp } = measurements;
  const sections = {
    machine: `Measured in one run on: ${about}. Steps are medians of ${rounds} runs, ${latency} ms per answer of the registry.\n`,
    steps: markdownTable(steps),
    scale: markdownTable(scale),
    startup: markdownTable(startUp),
  };
  return Object.entries(sections).reduce((text, [name, content]) => {
    const [opening, closing] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
    const [start, end] = [text.indexOf(opening), text.indexOf(closing)];
    if (start < 0 || end < start) throw new Error(`docs/performance.md lacks the markers of "${name}".`);
    return `${text.slice(0, start + opening.length)}${content}${text.slice(end)}`;
  }, document);
}

function markdownTable({ header, rows }: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("");
}

export function latencyPlot({ sweep }: Pick<Measurements, "sweep">): string {
  const tools =
    sweep[0]?.steps.filter(({ cost }) => cost !== undefined).map(({ contender }) => contender) ?? [];
  const series = tools.map(({ step, tool }): Series => {
    const points = sweep.flatMap(({ latency, steps }) => {
      const cost = steps.find(({ contender }) => contender.tool === tool && contender.step === step)?.cost;
      return cost === undefined ? [] : [[latency, cost.milliseconds / 1000] as const];
    });
    return { name: tool.replace(/,? ?dependency build, package, push/, ""), points };
  });
  return plotSvg({
    title: "Time of a step over latency, one page changed",
    x: { label: "latency of an answer in ms" },
    y: { label: "seconds" },
    series,
  });
}

export function filesPlot({ scale: { costs } }: Pick<Measurements, "scale">): string {
  const runs = [...new Set(costs.map(({ run }) => run))];
  return plotSvg({
    title: "Time to publish content over the number of files",
    x: { label: "files", logarithmic: true },
    y: { label: "seconds", logarithmic: true },
    series: runs.map((run) => ({
      name: run,
      points: costs
        .filter((cost) => cost.run === run)
        .map(({ files, cost }) => [files, cost.milliseconds / 1000] as const),
    })),
  });
}
