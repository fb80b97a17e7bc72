// make: publishes the site, its shim and its chart to a registry on this machine, by running the real workflow
// file for a push of the tags that a release would push.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import {
  createJobTokens,
  type JobRun,
  pushTag,
  runWorkflow,
  type StepRun,
  startRegistry,
  type WorkflowEvent,
  type WorkflowRun,
} from "@spin-publisher/sandbox";
import { copyCheckout, dirtySuffix, headCommit, repositoryOf } from "./checkout.ts";
import { artifactSize } from "./layout-size.ts";
import { withStandInPins } from "./stand-in-pins.ts";
import { secondsText, sizeText, tableOf } from "./table.ts";
import { readVersions, withVersion } from "./version.ts";
import { parseUpstream, startWorld, type UpstreamKind, type World } from "./world.ts";

export interface Publication {
  /** The checkout; it is not written to. */
  readonly root: string;
  /** Where registry and jobs live. */
  readonly state: string;
  /** Where everything comes from that is not in the checkout. */
  readonly startWorld: (registryFolder: string) => Promise<World>;
  readonly tell: (line: string) => void;
}

/** An artifact that a step published. */
export interface Published {
  readonly name: string;
  readonly reference: string;
  readonly digest: string;
  readonly changed: boolean;
  readonly uploadedBytes: number;
  /** Of everything the reference stands for. */
  readonly size: number;
}

export interface PublicationResult {
  readonly published: readonly Published[];
  readonly runs: ReadonlyArray<{ readonly tag: string; readonly run: WorkflowRun }>;
  /** The step that failed first, where one did. */
  readonly failed: StepRun | undefined;
}

/** Publishes what is checked out; nothing in the checkout changes. */
export async function publishCheckout({
  root,
  state,
  startWorld,
  tell,
}: Publication): Promise<PublicationResult> {
  const registryFolder = join(state, "registry");
  await mkdir(registryFolder, { recursive: true });
  const temporary = await mkdtemp(join(state, "run-"));
  try {
    return await publishCopy(root, registryFolder, temporary, startWorld, tell);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function publishCopy(
  root: string,
  registryFolder: string,
  temporary: string,
  startWorld: Publication["startWorld"],
  tell: Publication["tell"],
): Promise<PublicationResult> {
  const checkout = join(temporary, "checkout");
  await copyCheckout(root, checkout);
  const { site, chart } = await stampVersions(checkout, await dirtySuffix(root), tell);
  const tokens = createJobTokens();
  const world = await startWorld(registryFolder);
  const registry = await startRegistry({
    root: registryFolder,
    authentication: tokens.authentication,
    pullThrough: world.pullThrough,
  });
  try {
    await pinStandIns(checkout, world, tell);
    const commit = headCommit(root);
    const repository = repositoryOf(root);
    const runs: Array<{ readonly tag: string; readonly run: WorkflowRun }> = [];
    for (const tag of [site, `chart-${chart}`]) {
      tell(`\npush of tag ${tag} to ${repository}`);
      const event: WorkflowEvent = pushTag(tag, {
        ...commit,
        repository,
        actor: repository.split("/")[0] ?? "",
      });
      const run = await runWorkflow({
        file: join(checkout, ".github/workflows/consolidated.yaml"),
        workspace: checkout,
        event,
        temp: join(temporary, "jobs"),
        mirrors: `${world.mirrors}\nhttps://ghcr.io=${registry.origin}`,
        variables: world.variables,
        issueToken: tokens.issue,
        onStep: (job, step) => tell(stepLine(job, step)),
      });
      runs.push({ tag, run });
      if (run.conclusion === "failure") break;
    }
    return {
      runs,
      published: await Promise.all(
        runs.flatMap(({ run }) => run.jobs.flatMap((job) => publishedBy(job, registryFolder))),
      ),
      failed: runs
        .flatMap(({ run }) => run.jobs.flatMap(({ steps }) => steps))
        .find(({ conclusion }) => conclusion === "failure"),
    };
  } finally {
    await registry.close();
    await world.close();
  }
}

/** Writes the versions that are published into the copy: those of the checkout, marked where it is not committed. */
async function stampVersions(checkout: string, suffix: string, tell: (line: string) => void) {
  const texts = new Map<string, string>();
  for (const file of ["site/spin.toml", "charts/bart/Chart.yaml"])
    texts.set(file, await readFile(join(checkout, file), "utf8"));
  const versions = readVersions((file) => texts.get(file) ?? "");
  const site = `${versions.site}${suffix}`;
  const chart = `${versions.chart}${suffix}`;
  if (suffix !== "") {
    tell(`There are changes that are not committed, so the versions are ${site} and ${chart}.`);
    const edit = (file: string, place: "site" | "app" | "chart", version: string) =>
      texts.set(file, withVersion(texts.get(file) ?? "", place, version));
    edit("charts/bart/Chart.yaml", "chart", chart);
    edit("charts/bart/Chart.yaml", "app", site);
    for (const [file, text] of texts) await writeFile(join(checkout, file), text);
  }
  return { site, chart };
}

async function pinStandIns(checkout: string, world: World, tell: (line: string) => void): Promise<void> {
  const file = join(checkout, "site/spin.toml");
  const { text, repinned } = withStandInPins(await readFile(file, "utf8"), await world.moduleDigests());
  if (repinned.length === 0) return;
  await writeFile(file, text);
  tell("Modules are stand-ins, and the copy of the site pins their digests:");
  for (const { url, standIn } of repinned) tell(`  ${url}\n    ${standIn}`);
}

function publishedBy(job: JobRun, registryFolder: string): ReadonlyArray<Promise<Published>> {
  return job.steps.flatMap(({ name, outputs }) => {
    const { reference = "", digest = "", changed, "uploaded-bytes": uploaded } = outputs;
    if (reference === "" || digest === "") return [];
    const [, repository = ""] = /^[^/]+\/(.+):[^/@]+@/.exec(reference) ?? [];
    const size = artifactSize(join(registryFolder, repository), digest);
    const known = { name, reference, digest, changed: changed === "true", uploadedBytes: Number(uploaded) };
    return [size.then((bytes) => ({ ...known, size: bytes }))];
  });
}

/** One line of the table that grows while the workflow runs. */
function stepLine(job: string, { name, outcome, outputs, durationMilliseconds }: StepRun): string {
  const uploaded = outputs["uploaded-bytes"];
  const sent = uploaded === undefined ? "" : sizeText(Number(uploaded));
  const time = secondsText(durationMilliseconds);
  return `  ${outcome === "failure" ? "✗" : "✓"} ${job.padEnd(8)}${name.padEnd(56)}${time.padStart(9)}${sent.padStart(12)}`.trimEnd();
}

/** What was published, and how to look at it. */
export function describe(
  published: readonly Published[],
  upstream: UpstreamKind,
  registryFolder: string,
): readonly string[] {
  const rows = published.map(({ reference, changed, size, uploadedBytes }) => [
    reference.replace(/@.*$/, ""),
    sizeText(size),
    sizeText(uploadedBytes),
    String(changed),
  ]);
  const local = published.map(({ reference }) => `localhost:5000/${reference.replace(/^[^/]+\//, "")}`);
  const [repository = "", tag = ""] = (local[0] ?? "").replace(/^[^/]+\/|@.*$/g, "").split(":");
  return [
    "",
    ...tableOf(["published", "size", "uploaded", "changed"], rows),
    "",
    ...published.map(({ reference }) => reference),
    "",
    `${upstream === "online" ? "make registry UPSTREAM=online" : "make registry"} serves them on http://localhost:5000, to look at with:`,
    `  curl http://localhost:5000/v2/${repository}/manifests/${tag}`,
    // skopeo takes a tag or a digest, not both.
    ...local.map(
      (reference) => `  skopeo inspect --raw --tls-verify=false docker://${reference.replace(/@.*$/, "")}`,
    ),
    `On disk they are OCI layouts below ${registryFolder}.`,
  ];
}

async function main(): Promise<void> {
  const root = join(import.meta.dirname, "..");
  const upstream = parseUpstream(process.env.UPSTREAM ?? "stand-ins");
  const state = join(root, ".sandbox", upstream);
  const result = await publishCheckout({
    root,
    state,
    startWorld: (folder) => startWorld(upstream, folder),
    tell: (line) => console.log(line),
  });
  if (result.failed !== undefined) {
    console.error(`\n"${result.failed.name}" failed:\n${result.failed.log}`);
    process.exitCode = 1;
    return;
  }
  for (const line of describe(result.published, upstream, relative(root, join(state, "registry"))))
    console.log(line);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
