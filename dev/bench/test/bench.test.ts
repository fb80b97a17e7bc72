import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { startRegistry } from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import {
  type Cost,
  costCells,
  costHeader,
  costOf,
  median,
  medianCost,
  recordUsage,
  runProgram,
  sumOf,
} from "../cost.ts";
import { filesPlot, type Measurements, withMeasurements } from "../document.ts";
import { plotSvg } from "../plot.ts";

const cost = (more: Partial<Cost> = {}): Cost => ({
  ...{ milliseconds: 100, requests: 4, waves: 2, sentBytes: 10, cpuMilliseconds: 50, peakBytes: 1024 },
  ...more,
});

describe("the cost of a run", () => {
  test("counts requests, waves and bytes at the registry", async () => {
    const registry = await startRegistry({ latencyMilliseconds: 100 });
    const ask = () => fetch(`${registry.origin}/v2/`);
    await ask();
    const measured = await costOf(registry, async () => {
      await Promise.all([ask(), ask()]);
      await fetch(`${registry.origin}/v2/site/blobs/uploads/`, { method: "POST", body: "12345" });
      return { cpuMilliseconds: 1, peakBytes: 2 };
    });
    await registry.close();
    expect(measured).toMatchObject({ requests: 3, waves: 2, sentBytes: 5, cpuMilliseconds: 1, peakBytes: 2 });
    expect(measured.milliseconds).toBeGreaterThanOrEqual(40);
  });

  test("is the median of several, figure by figure", () => {
    expect(median([3, 1, 2])).toBe(2);
    const costs = [
      cost({ milliseconds: 1, requests: 9 }),
      cost({ milliseconds: 3, requests: 7 }),
      cost({ milliseconds: 2 }),
    ];
    expect(medianCost(costs)).toEqual(cost({ milliseconds: 2, requests: 7 }));
    expect(medianCost([cost({ peakBytes: undefined })]).peakBytes).toBeUndefined();
  });

  test("of several commands adds their processor time and has the largest memory", () => {
    expect(sumOf([cost(), cost({ peakBytes: 4096 })])).toEqual({ cpuMilliseconds: 100, peakBytes: 4096 });
    expect(sumOf([cost(), cost({ cpuMilliseconds: undefined })]).cpuMilliseconds).toBeUndefined();
  });

  test("is shown with a dash for what is not known, and for waves without latency", () => {
    expect(costCells(cost(), 40)).toEqual(["0.10 s", "2", "4", "10 B", "0.05 s", "1.0 KiB"]);
    expect(costCells(cost({ cpuMilliseconds: undefined, peakBytes: undefined }), 0)).toEqual([
      "0.10 s",
      "–",
      "4",
      "10 B",
      "–",
      "–",
    ]);
    expect(costHeader).toHaveLength(costCells(cost(), 0).length);
  });
});

describe("what a program used", () => {
  test("is what Node reports of itself", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bench-test-"));
    const { script, read } = recordUsage(folder);
    await writeFile(join(folder, "measure.cjs"), script);
    execFileSync(process.execPath, ["--require", join(folder, "measure.cjs"), "-e", "Buffer.alloc(6e7, 1)"]);
    const { cpuMilliseconds = 0, peakBytes = 0 } = read();
    await rm(folder, { recursive: true, force: true });
    expect(cpuMilliseconds).toBeGreaterThan(5);
    expect(peakBytes).toBeGreaterThan(6e7);
  });

  testNeeding("shebang scripts")("is read from the shell, and from /proc where there is one", async () => {
    const code = "const kept = Buffer.alloc(6e7, 1); setTimeout(() => kept.length, 300)";
    const { cpuMilliseconds = 0, peakBytes } = await runProgram(process.execPath, ["-e", code]);
    expect(cpuMilliseconds).toBeGreaterThan(5);
    if (process.platform === "linux") expect(peakBytes).toBeGreaterThan(6e7);
    else expect(peakBytes).toBeUndefined();
  });

  testNeeding("shebang scripts")("that fails is an error with its output", async () => {
    const failing = runProgram(process.execPath, ["-e", "console.error('because'); process.exit(3)"]);
    await expect(failing).rejects.toThrow("because");
    await expect(runProgram("no-such-program", [])).rejects.toThrow("no-such-program");
  });
});

describe("a plot", () => {
  const series = [
    {
      name: "a",
      points: [
        [0, 1],
        [40, 3],
      ] as const,
    },
    {
      name: "b < c",
      points: [
        [0, 2],
        [40, 3],
      ] as const,
    },
  ];
  const svg = plotSvg({ title: 'Time & "latency"', x: { label: "ms" }, y: { label: "s" }, series });
  const numbers = (pattern: RegExp) => [...svg.matchAll(pattern)].map(([, value]) => Number(value));

  test("has a line with every point for each series, inside of its frame", () => {
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg.match(/<circle/g)).toHaveLength(4);
    for (const x of numbers(/cx="([\d.]+)"/g)) expect(x >= 64 && x <= 490).toBe(true);
    for (const y of numbers(/cy="([\d.]+)"/g)) expect(y >= 40 && y <= 312).toBe(true);
    expect(numbers(/cy="([\d.]+)"/g)[0]).toBeGreaterThan(numbers(/cy="([\d.]+)"/g)[1] ?? Number.NaN); // more is higher
  });

  test("names its axes and lines, apart from each other and escaped", () => {
    expect(svg).toContain("<title>Time &amp; &quot;latency&quot;</title>");
    expect(svg).toContain(">b &lt; c</text>");
    const [first = 0, second = 0] = numbers(/<text x="498" y="([\d.]+)"/g);
    expect(second - first).toBeGreaterThanOrEqual(16);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("places equal ratios at equal distances on a logarithmic axis", () => {
    const points = [
      [1000, 1],
      [10_000, 1],
      [100_000, 1],
    ] as const;
    const log = plotSvg({
      title: "t",
      x: { label: "files", logarithmic: true },
      y: { label: "s" },
      series: [{ name: "a", points }],
    });
    const [left = 0, middle = 0, right = 0] = [...log.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(middle - left).toBeCloseTo(right - middle, 0);
  });
});

describe("docs/performance.md", () => {
  const table = { header: ["step", "time"], rows: [["a|b", "1 s"]] };
  const costs = [1000, 10_000].map((files) => ({ files, run: "nothing changed" as const, cost: cost() }));
  const measurements: Measurements = {
    ...{ about: "2 × X", rounds: 3, latency: 40, steps: table, sweep: [], startUp: table },
    scale: { ...table, costs },
  };
  const document = readFileSync(join(import.meta.dirname, "../../../docs/performance.md"), "utf8");

  test("has a place for every table, and nothing else of it changes", () => {
    const written = withMeasurements(document, measurements);
    expect(written).toContain(
      "<!-- steps -->\n| step | time |\n| --- | --- |\n| a\\|b | 1 s |\n<!-- /steps -->",
    );
    expect(written).toContain("2 × X. Steps are medians of 3 runs, 40 ms per answer of the registry.");
    expect(withMeasurements(written, measurements)).toBe(written);
    const prose = (text: string) => text.replace(/(<!-- (\w+) -->)[\s\S]*?(<!-- \/\2 -->)/g, "$1$3");
    expect(prose(written)).toBe(prose(document));
  });

  test("lacks no marker without an error", () => {
    expect(() => withMeasurements("# Performance\n", measurements)).toThrow('lacks the markers of "machine"');
  });

  test("has a line for each kind of run in the plot of files", () => {
    expect(filesPlot(measurements).match(/<polyline/g)).toHaveLength(1);
  });
});
