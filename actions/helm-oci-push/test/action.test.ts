import { readFileSync } from "node:fs";
import { chmod, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest } from "@jest/globals";
import { untar } from "@spin-publisher/archive";
import {
  type ActionProcess,
  pullRequest,
  pushBranch,
  pushTag,
  type RegistryServer,
  runActionProcess,
  startRegistry,
  startUpstream,
  type Upstream,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { chartYaml, type Tree, temporaryFolder, writeTree } from "./chart-folder.ts";
import { contentOf, describeWithHelm, helm, runHelm } from "./helm.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000); // every test starts processes, and there may be other work for the cores

const action = join(import.meta.dirname, "..");
const repositoryRoot = join(action, "../..");
/** This repository's chart, as it says itself. */
const [, version = ""] =
  /^version: (.+)$/m.exec(readFileSync(join(repositoryRoot, "charts/bart/Chart.yaml"), "utf8")) ?? [];

let upstream: Upstream;
let registry: RegistryServer;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

/** The action, publishing this repository's chart unless told otherwise, with no helm on PATH. */
function run(options: Partial<ActionProcess> = {}) {
  return runActionProcess({
    action,
    workspace: repositoryRoot,
    event: pushTag(`chart-${version}`),
    mirrors: `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`,
    machine: { path: "/nowhere" },
    ...options,
    inputs: { chart: "charts/bart", values: "image.repository=octo-org/site", ...options.inputs },
  });
}

/** A workspace with one chart at `site`, gone after the test. */
async function withChart<Result>(tree: Tree, use: (workspace: string) => Promise<Result>): Promise<Result> {
  await using folder = await temporaryFolder();
  await writeTree(join(folder.path, "site"), tree);
  return await use(folder.path);
}
const simple: Tree = {
  "Chart.yaml": chartYaml,
  "values.yaml": "a: 1\n",
  "templates/a.yaml": "a: {{ .Values.a }}\n",
};
const publishSimple = (workspace: string, options: Partial<ActionProcess> = {}) =>
  run({
    workspace,
    event: pushBranch("main"),
    ...options,
    inputs: { chart: "site", values: "", ...options.inputs },
  });

describe("the workspace", () => {
  test("is the folder that the action runs in where GITHUB_WORKSPACE is empty", async () => {
    await withChart(simple, async (workspace) => {
      const { exitCode } = await publishSimple(workspace, { env: { GITHUB_WORKSPACE: "" } });
      expect(exitCode).toBe(0);
    });
  });

  test("holds the chart: a link to one elsewhere is refused, and nothing is written", async () => {
    await withChart(simple, async (elsewhere) => {
      await using workspace = await temporaryFolder();
      await writeTree(workspace.path, { site: { link: join(elsewhere, "site") } });
      const { exitCode, log } = await publishSimple(workspace.path);
      expect({ exitCode, requests: registry.requests.length }).toEqual({ exitCode: 1, requests: 0 });
      expect(log).toContain('The chart folder "site" is outside the workspace');
    });
  });
});

describe("this repository's chart", () => {
  test("is published under its version, with Helmet in it, and a second run asks one question", async () => {
    const first = await run();
    expect(first.log).toContain(`Published: ghcr.io/octo-org/site/charts/bart:${version}@sha256:`);
    expect(first.outputs).toMatchObject({
      reference: expect.stringMatching(
        new RegExp(
          `^ghcr\\.io/octo-org/site/charts/bart:${version.replaceAll(".", "\\.")}@sha256:[0-9a-f]{64}$`,
        ),
      ),
      changed: "true",
      tag: version,
      name: "bart",
      version,
      "app-version": "0.1.0",
    });
    expect(first.summary).toMatch(/\| helmet \| 0\.14\.0 \| `https:\/\/github\.com\/.*@sha256:/);
    expect(first.exitCode).toBe(0);

    registry.clearRequests();
    const second = await run();
    expect(second.outputs).toMatchObject({
      changed: "false",
      "uploaded-bytes": "0",
      digest: first.outputs.digest,
    });
    expect(registry.requests.map(({ method, status }) => [method, status])).toEqual([["GET", 200]]);
  });

  test("in a pull request is built, written to a layout, and nothing else", async () => {
    const { exitCode, outputs, log } = await run({
      event: pullRequest(),
      inputs: { "dry-run": "true" },
    });
    expect(log).toContain("Built, not published");
    expect([exitCode, outputs.layout !== "", outputs["uploaded-bytes"]]).toEqual([0, true, "0"]);
    expect(registry.requests.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
  });

  test("has the same digest whatever the time zone, the checkout, its times and its modes", async () => {
    const digests = new Set<string | undefined>();
    for (const [path, zone, mode] of [
      ["a", "UTC", 0o644],
      ["other/checkout é", "Pacific/Kiritimati", 0o600],
    ] as const) {
      await using folder = await temporaryFolder();
      const workspace = join(folder.path, path);
      const { readdir, readFile } = await import("node:fs/promises");
      const source = join(repositoryRoot, "charts/bart");
      for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = join(entry.parentPath, entry.name);
        const copy = join(workspace, "charts/bart", file.slice(source.length));
        await writeTree(dirname(copy), { [entry.name]: await readFile(file) });
        await chmod(copy, mode);
        await utimes(copy, mode, mode);
      }
      const env = { TZ: zone, LANG: "tr_TR.UTF-8", SOURCE_DATE_EPOCH: "" };
      const { outputs, log } = await run({ workspace, env, inputs: { "dry-run": "true" } });
      expect(log).not.toContain("::error");
      digests.add(outputs.digest);
    }
    expect([...digests]).toEqual([expect.stringMatching(/^sha256:/)]);
  });

  test("is refused where the Git tag names another version, before the registry is asked", async () => {
    const { exitCode, log } = await run({ event: pushTag("chart-9.9.9") });
    expect(exitCode).toBe(1);
    expect(log).toContain(
      `The Git tag chart-9.9.9 releases version 9.9.9, but charts/bart/Chart.yaml has the version ${version}`,
    );
    expect(registry.requests).toEqual([]);
  });
});

describe("inputs", () => {
  test("version, app-version and annotations go into the package, an owner in capitals is lowered", async () => {
    await withChart(simple, async (workspace) => {
      const { outputs, log } = await publishSimple(workspace, {
        inputs: {
          repository: "ghcr.io/Octo-Org/Charts/",
          version: "2.0.0-rc.1+build.5",
          "app-version": "7",
          annotations: "a.b=c",
        },
      });
      expect(log).not.toContain("::error");
      expect(outputs).toMatchObject({
        tag: "2.0.0-rc.1_build.5",
        version: "2.0.0-rc.1+build.5",
        "app-version": "7",
      });
      const reply = await fetch(`${registry.origin}/v2/octo-org/charts/site/manifests/2.0.0-rc.1_build.5`);
      const manifest: { annotations: unknown } = JSON.parse(await reply.text());
      expect(manifest.annotations).toEqual({
        "a.b": "c",
        "org.opencontainers.image.source": "https://github.com/octo-org/site",
        "org.opencontainers.image.title": "site",
        "org.opencontainers.image.version": "2.0.0-rc.1+build.5",
      });
    });
  });

  test("change what they name in Chart.yaml and values.yaml; every other byte is the author's", async () => {
    const chart = `# the site's chart
version: 1.0.0 # see docs/releasing.md
name:   site
apiVersion: v2
custom: kept
`;
    await withChart({ ...simple, "Chart.yaml": chart }, async (workspace) => {
      const { outputs } = await publishSimple(workspace, {
        inputs: { version: "1.1.0", "app-version": "7", values: "a=2" },
      });
      const blobs = `${registry.origin}/v2/octo-org/site/charts/site`;
      const manifest = await (await fetch(`${blobs}/manifests/${outputs.digest}`)).json();
      const { layers } = manifest as { layers: readonly { digest: string }[] };
      const layer = await (await fetch(`${blobs}/blobs/${layers[0]?.digest}`)).arrayBuffer();
      const files = await untar(new Uint8Array(layer), { totalBytes: 1 << 20, entries: 100 });
      expect(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
        ["site/Chart.yaml", `${chart.replace("1.0.0", '"1.1.0"')}appVersion: "7"\n`],
        ["site/values.yaml", "a: 2\n"],
        ["site/templates/a.yaml", "a: {{ .Values.a }}\n"],
      ]);
    });
  });

  test.each<[string, Tree, Readonly<Record<string, string>>, string]>([
    [
      "a version that another field shares",
      { ...simple, "Chart.yaml": "apiVersion: v2\nname: site\nversion: &v 1.0.0\nappVersion: *v\n" },
      { version: "2.0.0" },
      '"version" of site/Chart.yaml cannot be changed without changing another field',
    ],
    [
      "no chart",
      {},
      { chart: "nowhere" },
      'The chart folder "nowhere" does not exist; set the input "chart" to it.',
    ],
    [
      "no Chart.yaml",
      { "chart.yaml": chartYaml },
      {},
      "has no Chart.yaml; the file must have exactly that name.",
    ],
    [
      "a name in capitals",
      { ...simple, "Chart.yaml": "apiVersion: v2\nname: Site\nversion: 1.0.0\n" },
      {},
      'use "site".',
    ],
    [
      "a number as version",
      { ...simple, "Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.10\n" },
      {},
      "which no version range matches",
    ],
    [
      "a missing lock",
      {
        ...simple,
        "Chart.yaml": `${chartYaml}dependencies: [{name: a, version: 1.0.0, repository: "https://charts.companyinfo.dev"}]\n`,
      },
      {},
      "there is no Chart.lock that names its version",
    ],
    ["a value that is not there", simple, { values: "b=1" }, 'values.yaml has no "b"'],
    ["a repository with a tag", simple, { repository: "ghcr.io/a/b:1" }, "is not a reference"],
    [
      "helm required where there is none",
      simple,
      { lint: "required" },
      "no helm is on PATH; add azure/setup-helm",
    ],
    [
      "an unknown lint mode",
      simple,
      { lint: "yes" },
      'Input "lint" must be one of auto, required, off, but it is "yes".',
    ],
  ])("%s ends in one clear sentence, and nothing is written", async (_what, tree, inputs, message) => {
    await withChart(tree, async (workspace) => {
      const { exitCode, annotations, log } = await publishSimple(workspace, { inputs });
      expect(annotations.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
        expect.stringContaining(message),
      ]);
      expect(log).not.toMatch(/^\s+at /m);
      expect(exitCode).toBe(1);
      expect(registry.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    });
  });
});

describeWithHelm("with the real Helm", () => {
  const path = dirname(helm ?? "");

  test("what was pushed is pulled and rendered, in the published repository's name", async () => {
    const { log } = await run({ machine: { path } });
    expect(log).toMatch(/helm lint passed \(v3\.10\.1/);
    await using folder = await temporaryFolder();
    const chart = `oci://${registry.host}/octo-org/site/charts/bart`;
    await runHelm(folder.path, "pull", chart, "--version", version, "--destination", folder.path);
    const content = await contentOf(join(folder.path, `bart-${version}.tgz`));
    expect(content.get("bart/values.yaml")).toContain('repository: "octo-org/site"');
    expect([...content.keys()].some((file) => file.startsWith("bart/charts/helmet/templates/"))).toBe(true);
    const rendered = await runHelm(folder.path, "template", "blog", chart, "--version", version);
    expect(rendered).toContain('image: "ghcr.io/octo-org/site:0.1.0"');
    expect(rendered).toContain("path: /.well-known/spin/health");
  });

  test("a template that does not render is not published", async () => {
    await withChart({ ...simple, "templates/b.yaml": "b: {{ .Values.x.y }}\n" }, async (workspace) => {
      const { exitCode, log } = await publishSimple(workspace, { machine: { path } });
      expect(exitCode).toBe(1);
      expect(log).toContain("The chart site fails helm lint (v3.10.1");
      expect(registry.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    });
  });
});
