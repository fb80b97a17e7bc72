// make: publishes the site, its shim and its chart to a registry on this machine, by running the real workflow file for
// the tags that a release would push.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import {
  createJobTokens,
  personas,
  pushTag,
  runWorkflow,
  type StepRun,
  startRegistry,
  type WorkflowRun,
} from "@spin-publisher/sandbox";
import { headCommit, repositoryOf } from "./checkout.ts";
import { prepareCopy } from "./prepared-copy.ts";
import { describePublished, type Published, publishedBy, stepLine } from "./published.ts";
import { keepPublishedAppVersion, publishedAppVersion } from "./published-chart.ts";
import { parseUpstream, startUpstreamServices, type UpstreamServices } from "./upstream-services.ts";

export interface Publication {
  /** The checkout; it is not written to. */
  readonly root: string;
  /** The folder of the registry and, during the run, of its jobs. */
  readonly state: string;
  readonly startUpstreamServices: (registryFolder: string) => Promise<UpstreamServices>;
  readonly tell: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface PublicationResult {
  readonly published: readonly Published[];
  readonly runs: readonly WorkflowRun[];
  /** The first step that failed. */
  readonly failed: StepRun | undefined;
}

/** Publishes what is checked out, without changing the checkout. */
export async function publishCheckout(publication: Publication): Promise<PublicationResult> {
  const registryFolder = join(publication.state, "registry");
  await mkdir(registryFolder, { recursive: true });
  const temporary = await mkdtemp(join(publication.state, "run-"));
  const upstream = await publication.startUpstreamServices(registryFolder);
  try {
    return await publishCopy(publication, registryFolder, temporary, upstream);
  } finally {
    await upstream.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

async function publishCopy(
  { root, tell, signal }: Publication,
  registryFolder: string,
  temporary: string,
  upstream: UpstreamServices,
): Promise<PublicationResult> {
  const checkout = join(temporary, "checkout");
  const { site, chart } = await prepareCopy(root, checkout, await upstream.moduleDigests(), tell);
  const repository = repositoryOf(root);
  const [actor = ""] = repository.split("/");
  const owned = repository.toLowerCase();
  const commit = headCommit(root);
  const tokens = createJobTokens();
  const { authentication } = tokens;
  const registry = await startRegistry({
    root: registryFolder,
    authentication,
    pullThrough: upstream.pullThrough,
    persona: personas.ghcr,
  });
  try {
    const runs: WorkflowRun[] = [];
    for (const tag of [site, `chart-${chart}`]) {
      tell(`\npush of tag ${tag} to ${repository}`);
      if (tag !== site) {
        const repository = `${owned}/charts/bart`;
        await keepPublishedAppVersion(checkout, await publishedAppVersion(registry, repository, chart), tell);
      }
      const run = await runWorkflow({
        file: join(checkout, ".github/workflows/consolidated.yaml"),
        workspace: checkout,
        // Private, so that nothing asks a public log to vouch for what is published to this machine only.
        event: pushTag(tag, { ...commit, repository, actor, private: true }),
        temp: join(temporary, "jobs"),
        mirrors: `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`,
        // GitHub is not there to show a release page.
        variables: { ...upstream.variables, RELEASE_PAGES: "off" },
        runnerVariables: upstream.runnerVariables,
        issueToken: tokens.issue,
        onStep: (job, step) => tell(stepLine(job, step)),
        ...(signal === undefined ? {} : { signal }),
      });
      runs.push(run);
      if (run.conclusion === "failure") break;
    }
    const jobs = runs.flatMap((run) => run.jobs);
    return {
      runs,
      published: (await Promise.all(jobs.map((job) => publishedBy(job, registryFolder)))).flat(),
      failed: jobs.flatMap(({ steps }) => steps).find(({ conclusion }) => conclusion === "failure"),
    };
  } finally {
    await registry.close();
  }
}

async function main(): Promise<void> {
  const root = join(import.meta.dirname, "..");
  const upstream = parseUpstream(process.env.UPSTREAM ?? "stand-ins");
  const state = join(root, ".sandbox", upstream);
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => interrupted.abort(new Error(`Stopped by ${signal}.`)));
  const { published, failed } = await publishCheckout({
    root,
    state,
    startUpstreamServices: (registryFolder) => startUpstreamServices(upstream, registryFolder),
    tell: (line) => console.log(line),
    signal: interrupted.signal,
  });
  if (failed !== undefined) {
    console.error(`\n"${failed.name}" failed:\n${failed.log}`);
    process.exitCode = 1;
    return;
  }
  const serve = upstream === "online" ? "make registry UPSTREAM=online" : "make registry";
  for (const line of describePublished(published, serve, relative(root, join(state, "registry"))))
    console.log(line);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
