import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect } from "@jest/globals";
import {
  createJobTokens,
  personas,
  pullRequest,
  pushBranch,
  type RegistryServer,
  runWorkflow,
  seedSpinImages,
  startRegistry,
  startUpstream,
  type WorkflowEvent,
  type WorkflowRun,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { copyCheckout } from "../checkout.ts";
import { publishCheckout } from "../publish.ts";
import { describePublished } from "../published.ts";
import { withStandInPins } from "../stand-in-pins.ts";
import { startUpstreamServices } from "../upstream-services.ts";
import { readVersions, withVersion } from "../version.ts";

const test = testNeeding("the sandbox's runner");

let folder: string;
let root: string;
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], {
    cwd: root,
    encoding: "utf8",
  });

/** A checkout of its own with everything committed, bundles included. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "publish-test-"));
  root = join(folder, "checkout");
  await copyCheckout(join(import.meta.dirname, "../.."), root);
  git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("commit", "--quiet", "-m", "Everything");
  git("remote", "add", "origin", "https://github.com/Octo-Org/Site.git");
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  git("reset", "--hard", "--quiet");
  await rm(join(folder, "state"), { recursive: true, force: true });
});

async function publish(
  services = (registryFolder: string) => startUpstreamServices("stand-ins", registryFolder),
) {
  const lines: string[] = [];
  const state = join(folder, "state");
  const result = await publishCheckout({
    root,
    state,
    startUpstreamServices: services,
    tell: (line) => lines.push(line),
  });
  return { ...result, lines };
}
const edit = async (file: string, change: (text: string) => string) =>
  writeFile(join(root, file), change(await readFile(join(root, file), "utf8")));
const digestsOf = ({ published }: Awaited<ReturnType<typeof publish>>) =>
  published.map(({ digest }) => digest);

test("make publishes three artifacts, then nothing, then only what changed", async () => {
  const text = new Map<string, string>();
  for (const file of ["site/spin.toml", "charts/bart/Chart.yaml"])
    text.set(file, await readFile(join(root, file), "utf8"));
  const versions = readVersions((file) => text.get(file) ?? "");

  const first = await publish();
  expect(first.failed).toBeUndefined();
  expect(first.published.map(({ reference }) => reference)).toEqual([
    `ghcr.io/octo-org/site/content:${versions.site}@${first.published[0]?.digest}`,
    `ghcr.io/octo-org/site:${versions.site}@${first.published[1]?.digest}`,
    `ghcr.io/octo-org/site/charts/bart:${versions.chart}@${first.published[2]?.digest}`,
  ]);
  expect(first.published.map(({ changed }) => changed)).toEqual([true, true, true]);

  expect(first.lines.join("\n")).toMatch(/✓ site +Publish the content +\d+\.\d\d s +\d+\.\d KiB\n/);
  const told = describePublished(first.published, "make registry", ".sandbox/stand-ins/registry").join("\n");
  for (const { reference } of first.published) expect(told).toContain(`\n${reference}\n`);
  expect(told).toContain(`curl http://localhost:5000/v2/octo-org/site/content/manifests/${versions.site}\n`);
  expect(told).toContain(`docker://localhost:5000/octo-org/site/charts/bart:${versions.chart}\n`);

  const second = await publish();
  expect(second.published.map(({ changed, uploadedBytes }) => [changed, uploadedBytes])).toEqual([
    [false, 0],
    [false, 0],
    [false, 0],
  ]);
  expect(digestsOf(second)).toEqual(digestsOf(first));
  expect(git("status", "--porcelain")).toBe("");

  const page = (await readdir(join(root, "site/content"))).find((name) => name.endsWith(".md"));
  await appendFile(join(root, "site/content", page ?? ""), "\nOne more line.\n");
  const third = await publish();
  const [content] = third.published;
  expect(content?.reference).toMatch(new RegExp(`/content:${versions.site}-dirty\\.[0-9a-f]{8}@`));
  expect(third.published.map(({ changed }) => changed)).toEqual([true, true, true]);
  // The page, the locked application and two manifests; every other file is already present.
  expect(content?.uploadedBytes).toBeLessThan((content?.size ?? 0) / 2);
  expect(git("status", "--porcelain")).toBe(` M site/content/${page}\n`);
}, 60_000);

test("a site-only release keeps the published chart, and a change of the chart's own files is refused", async () => {
  const versions = (file: string) => readFileSync(join(root, file), "utf8");
  const { site, chart } = readVersions(versions);
  const first = await publish();
  await edit("site/spin.toml", (text) => withVersion(text, "site", "7.0.0"));
  await edit("charts/bart/Chart.yaml", (text) => withVersion(text, "app", "7.0.0"));
  git("commit", "--quiet", "--all", "-m", "Release 7.0.0");
  try {
    const second = await publish();
    expect(second.failed?.log).toBeUndefined();
    expect(
      second.published.map(({ reference, changed }) => [reference.replace(/^.*:(.*)@.*$/, "$1"), changed]),
    ).toEqual([
      ["7.0.0", true],
      ["7.0.0", true],
      [chart, false],
    ]);
    expect(second.published[2]?.digest).toBe(first.published[2]?.digest);
    expect(second.lines).toContain(
      `Chart ${chart} is already published and installs site ${site}; it stays as it is.`,
    );
    expect(second.lines).toContain("To release a chart that installs 7.0.0: make chart-version-set SEMVER=…");

    await edit("charts/bart/values.yaml", (text) => `${text}# changed\n`);
    git("commit", "--quiet", "--all", "-m", "Change the values");
    const third = await publish();
    expect(third.failed?.name).toBe("Publish the chart");
    expect(third.failed?.log).toContain("changed: values.yaml");
    expect(third.failed?.log).not.toContain("changed: Chart.yaml");
    git("reset", "--hard", "--quiet", "HEAD~1");
  } finally {
    git("reset", "--hard", "--quiet", "HEAD~1");
  }
}, 120_000);

test("a folder without Git publishes its versions as they are", async () => {
  const files = join(folder, "unpacked");
  await copyCheckout(root, files);
  const lines: string[] = [];
  const services = (registryFolder: string) => startUpstreamServices("stand-ins", registryFolder);
  const publishFiles = () =>
    publishCheckout({
      root: files,
      state: join(folder, "state"),
      startUpstreamServices: services,
      tell: (line) => lines.push(line),
    });
  const { site } = readVersions((file) => readFileSync(join(root, file), "utf8"));
  const { failed, published } = await publishFiles();
  expect(failed?.log).toBeUndefined();
  expect(published[0]?.reference).toMatch(`ghcr.io/local/spin-publisher/content:${site}@`);
  expect(lines[0]).toMatch(/^This folder is not a Git repository/);
  expect((await publishFiles()).published.map(({ changed }) => changed)).toEqual([false, false, false]);
  await rm(files, { recursive: true, force: true });
}, 120_000);

/** A program that answers setup-spin with its version, and serves a page for the verify job. */
const servingSpin = `#!${process.execPath}
const [command, ...args] = process.argv.slice(2);
if (command === "--version") console.log("spin 4.0.2 (0a1b2c3 2026-06-23)");
else {
  const [host, port] = args.at(-1).split(":");
  const page = "<title>" + args.join(" ") + "</title>";
  require("node:http").createServer((_request, response) => response.end(page)).listen(Number(port), host);
}`;

test("online, everything but the pushes uses the real services, and the published site is run", async () => {
  const upstream = await startUpstream({ spin: async () => Buffer.from(servingSpin) });
  const images = join(folder, "state", "outside");
  await seedSpinImages(images);
  const registry = await startRegistry({ root: images });
  const digests = await upstream.moduleDigests();
  await edit("site/spin.toml", (text) => withStandInPins(text, digests).text);
  git("commit", "--quiet", "--all", "-m", "Pin what is outside");
  const env = {
    ORIGIN_MIRRORS: `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`,
    GITHUB_TOKEN: "real",
  };
  try {
    const { failed, published, runs } = await publish((folder) =>
      startUpstreamServices("online", folder, env),
    );
    expect(failed?.log).toBeUndefined();
    expect(published.map(({ changed }) => changed)).toEqual([true, true, true]);
    const verified = runs
      .flatMap(({ jobs }) => jobs)
      .find(({ id }) => id === "publish/smoke (ubuntu-latest)");
    const { log = "" } = verified?.steps.find(({ name }) => name === "Fetch the front page") ?? {};
    expect(log).toContain(`answers / with 200, "--from-registry 127.0.0.1:`);
    // The job's token is not sent to the real API, which receives a real one.
    const tokens = upstream.requests.map(({ host, authorization }) => [host, authorization] as const);
    expect(new Set(tokens.filter(([host]) => host === "api.github.com").map(([, token]) => token))).toEqual(
      new Set(["Bearer real"]),
    );
    expect(tokens.filter(([host, token]) => host !== "api.github.com" && token !== undefined)).toEqual([]);
    expect(registry.requests.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
  } finally {
    git("reset", "--hard", "--quiet", "HEAD~1");
    await registry.close();
    await upstream.close();
  }
}, 60_000);

describe("what cannot be published fails in one step and writes nothing", () => {
  const tags = async (repository: string) => {
    const registry = await startRegistry({ root: join(folder, "state", "registry") });
    const response = await fetch(`${registry.origin}/v2/${repository}/tags/list`);
    const { tags: list = [] } = Object(await response.json());
    await registry.close();
    return list;
  };

  test("a site without the module it names", async () => {
    await edit("site/spin.toml", (text) =>
      text.replace(/v0\.9\.0\/bartholomew\.wasm/, "v9.9.9/bartholomew.wasm"),
    );
    const { failed, published, runs } = await publish();
    expect(failed?.name).toBe("Publish the content");
    expect(failed?.log).toContain("v9.9.9/bartholomew.wasm");
    expect([published, runs.length]).toEqual([[], 1]);
    expect(await tags("octo-org/site/content")).toEqual([]);
  }, 60_000);

  test("a job that may not write packages", async () => {
    await edit(".github/workflows/consolidated.yaml", (text) =>
      text.replaceAll("packages: write", "packages: read"),
    );
    const { failed } = await publish();
    expect(failed?.name).toBe("Publish the content");
    expect(failed?.annotations.find(({ level }) => level === "error")?.message).toMatch(
      /403 DENIED permission_denied/,
    );
    expect(await tags("octo-org/site/content")).toEqual([]);
  }, 60_000);
});

/** Runs the real workflow for any event, and hands over the registry with what came of it. */
async function withEvent(
  event: WorkflowEvent,
  use: (run: WorkflowRun, registry: RegistryServer) => Promise<void> | void,
): Promise<void> {
  const registryFolder = join(folder, "state", "registry");
  const services = await startUpstreamServices("stand-ins", registryFolder);
  const tokens = createJobTokens();
  const registry = await startRegistry({
    root: registryFolder,
    authentication: tokens.authentication,
    persona: personas.ghcr,
  });
  const digests = await services.moduleDigests();
  await edit("site/spin.toml", (text) => withStandInPins(text, digests).text);
  try {
    const run = await runWorkflow({
      file: join(root, ".github/workflows/consolidated.yaml"),
      workspace: root,
      event,
      mirrors: `${services.mirrors}\nhttps://ghcr.io=${registry.origin}`,
      variables: services.variables,
      issueToken: tokens.issue,
    });
    await use(run, registry);
  } finally {
    await registry.close();
    await services.close();
  }
}

const failures = ({ jobs }: WorkflowRun) =>
  jobs.flatMap(({ steps }) =>
    steps.filter(({ outcome }) => outcome === "failure").map(({ name, log }) => `${name}: ${log}`),
  );

test(
  "a pull request from a fork builds all three and writes nothing",
  () =>
    withEvent(pullRequest({ fork: true, repository: "Octo-Org/Site" }), (run, registry) => {
      expect(failures(run)).toEqual([]);
      const layouts = run.jobs.flatMap(({ steps }) => steps.flatMap(({ outputs }) => outputs.layout ?? []));
      expect(layouts).toHaveLength(3);
      expect(registry.requests.filter(({ method }) => !["GET", "HEAD"].includes(method))).toEqual([]);
    }),
  60_000,
);

test("a branch publishes under its commit and moves its own tag", () => {
  const event = pushBranch("feature/Über x", {
    repository: "Octo-Org/Site",
    timestamp: "2026-11-20T10:15:30+01:00",
    private: true, // GitHub attests what is public only, and is not there to do it
  });
  const epoch = Date.parse("2026-11-20T10:15:30+01:00") / 1000;
  return withEvent(event, async (run, registry) => {
    expect(failures(run)).toEqual([]);
    for (const repository of ["octo-org/site", "octo-org/site/content"]) {
      const tags = await tagsOf(join(registry.root, repository));
      const [slug = "", tag] = [...tags.keys()].sort();
      expect(slug).toMatch(/^feature-uber-x-[0-9a-f]{6}$/);
      expect(tag).toBe(`${slug}-${event.sha.slice(0, 8)}-${epoch}`);
      expect(new Set(tags.values()).size).toBe(1);
    }
  });
}, 60_000);

/** Tag → digest, from the layout on disk. */
async function tagsOf(layout: string): Promise<ReadonlyMap<string, string>> {
  const { manifests } = JSON.parse(await readFile(join(layout, "index.json"), "utf8"));
  const name = "org.opencontainers.image.ref.name";
  const tagged = manifests.filter(({ annotations }: { annotations?: object }) => annotations !== undefined);
  return new Map(
    tagged.map((entry: { digest: string; annotations: Record<string, string> }) => [
      entry.annotations[name],
      entry.digest,
    ]),
  );
}
