import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, cp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
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

  test("in a dry run of a newer site stays as published; the chart's own changes would be refused", async () => {
    const published = await run();
    await using folder = await temporaryFolder();
    const chart = join(folder.path, "charts/bart");
    await cp(join(repositoryRoot, "charts/bart"), chart, { recursive: true });
    const file = join(chart, "Chart.yaml");
    const text = await readFile(file, "utf8");
    const dryRun = () => run({ workspace: folder.path, event: pullRequest(), inputs: { "dry-run": "true" } });

    await writeFile(file, text.replace(/^appVersion: .*$/m, 'appVersion: "9.9.9"'));
    const kept = await dryRun();
    expect(kept.outputs).toMatchObject({
      changed: "false",
      "would-be-refused": "false",
      digest: published.outputs.digest,
    });
    expect(kept.log).toContain(`Chart ${version} is published and stays as it is: it installs`);

    await writeFile(file, `${text}\nhome: https://example.com\n`);
    expect((await dryRun()).outputs).toMatchObject({ "would-be-refused": "true" });
  });

  test("has the same digest whatever the time zone, the checkout, its times and its modes", async () => {
    const digests = new Set<string | undefined>();
    for (const [path, zone, mode] of [
      ["a", "UTC", 0o644],
      ["other/checkout é", "Pacific/Kiritimati", 0o600],
    ] as const) {
      await using folder = await temporaryFolder();
      const workspace = join(folder.path, path);
      const { readdir } = await import("node:fs/promises");
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

describe("a new version is not asked for blob by blob before it is sent", () => {
  const trips = async (tree: Tree) => {
    await registry.close();
    registry = await startRegistry({ latencyMilliseconds: 100 });
    await withChart(tree, (workspace) => publishSimple(workspace));
    return [...Map.groupBy(registry.requests, ({ wave }) => wave).values()].map((requests) =>
      requests.map(({ method, kind }) => `${method} ${kind}`).sort(),
    );
  };

  test("a small chart takes four round trips, the confirmation of the tag included", async () => {
    expect(await trips(simple)).toEqual([
      ["GET manifest"],
      ["HEAD manifest", "POST upload", "POST upload"],
      ["PUT manifest"],
      ["HEAD manifest"],
    ]);
  });

  test("one above what a registry is tried with takes one more, to send it in a session", async () => {
    expect(await trips({ ...simple, noise: randomBytes(30_000) })).toEqual([
      ["GET manifest"],
      ["HEAD manifest", "POST upload", "POST upload"],
      ["PUT upload"],
      ["PUT manifest"],
      ["HEAD manifest"],
    ]);
  });

  test("a large one is asked for, since an interrupted run may have sent it", async () => {
    expect((await trips({ ...simple, noise: randomBytes(300_000) }))[1]).toEqual([
      "HEAD blob",
      "HEAD blob",
      "HEAD manifest",
    ]);
  });
});

describe("inputs", () => {
  test("a version other than that of the Git tag is refused, naming the input", async () => {
    const { exitCode, log } = await run({ inputs: { version: "1.0.1" }, event: pushTag("chart-1.0.0") });
    expect(exitCode).toBe(1);
    expect(log).toContain(
      'The Git tag chart-1.0.0 releases version 1.0.0, but the input "version" is 1.0.1; set that version',
    );
    expect(registry.requests).toEqual([]);
  });

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

  test("values take comments and empty lines", async () => {
    await withChart(simple, async (workspace) => {
      const { exitCode, log } = await publishSimple(workspace, { inputs: { values: "# one\n\na=2\n" } });
      expect([exitCode, log.includes("::error")]).toEqual([0, false]);
    });
  });

  test("a repository that ends in the chart's name gets a warning that says where the chart is", async () => {
    await withChart(simple, async (workspace) => {
      const { exitCode, annotations, outputs } = await publishSimple(workspace, {
        inputs: { repository: "ghcr.io/octo-org/charts/site" },
      });
      expect(exitCode).toBe(0);
      expect(outputs.reference).toContain("ghcr.io/octo-org/charts/site/site:1.2.3@");
      expect(annotations.filter(({ level }) => level === "warning").map(({ message }) => message)).toEqual([
        'The chart is published as ghcr.io/octo-org/charts/site/site, because its name is appended to the input "repository"; leave "/site" out of it unless that is meant.',
      ]);
    });
  });

  test.each<[string, Tree, Readonly<Record<string, string>>, string]>([
    [
      "a repository with oci://",
      simple,
      { repository: "oci://ghcr.io/octo-org/charts" },
      'Input "repository" is "oci://ghcr.io/octo-org/charts"; leave out "oci://".',
    ],
    [
      "an image name in capitals",
      { ...simple, "values.yaml": "image: {repository: x}\n" },
      { values: "image.repository=Octo-Org/site" },
      'Input "values" sets "image.repository" to "Octo-Org/site", but image names are lower-case; write "octo-org/site".',
    ],
    [
      "an input version that no range matches",
      simple,
      { version: "1.2" },
      'Input "version" is "1.2", which no version range matches; set a full SemVer version such as 1.0.0.',
    ],
    [
      "an unquoted appVersion that is a number",
      { ...simple, "Chart.yaml": `${chartYaml}appVersion: 1.0 # soon 1.1\n` },
      {},
      'appVersion: 1.0 in Chart.yaml is read as the number 1; quote it: "1.0".',
    ],
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
      'site/Chart.yaml has version: 1.10 without quotes, which YAML reads as the number 1.1; quote it, and write a full SemVer version such as "1.10.0".',
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

describe("a chart folder", () => {
  const refused = async (workspace: string, options: Partial<ActionProcess> = {}) => {
    const { exitCode, annotations, log } = await publishSimple(workspace, options);
    expect(registry.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    expect(log).not.toMatch(/^\s+at /m);
    expect(exitCode).toBe(1);
    const errors = annotations.filter(({ level }) => level === "error");
    expect(errors).toHaveLength(1);
    return errors[0];
  };

  test.each<[string, Tree, string, { file: string; line?: number }]>([
    [
      "a .helmignore that excludes Chart.yaml",
      { ".helmignore": "*.md\n!README.md\n" },
      'Line 2 of .helmignore, "!README.md", excludes Chart.yaml, because a rule with "!" excludes everything that it does not match; a chart needs that file, so change the rule.',
      { file: "site/.helmignore", line: 2 },
    ],
    [
      "a .helmignore that excludes Chart.yaml by a pattern",
      { ".helmignore": "C*.yaml\n" },
      'Line 1 of .helmignore, "C*.yaml", excludes Chart.yaml; a chart needs that file, so change the rule.',
      { file: "site/.helmignore", line: 1 },
    ],
    [
      "a Git LFS pointer",
      {
        "files/logo.png":
          "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
      },
      '"files/logo.png" in the chart is a Git LFS pointer and not the file itself; set "lfs: true" for actions/checkout, or "allow-lfs-pointers: true" to publish the pointer.',
      { file: "site/files/logo.png" },
    ],
    [
      "a dangling link",
      { "files/a": { link: "../../nowhere" } },
      'The link "files/a" in the chart points to nothing (or to itself); repair or remove it.',
      { file: "site/files/a" },
    ],
    [
      "a file that Helm 3 and Flux do not load",
      { big: new Uint8Array(5 * 1024 * 1024 + 1) },
      '"big" in the chart has 5242881 bytes, but Helm 3 and Flux load files of at most 5242880; make it smaller or list it in .helmignore.',
      { file: "site/big" },
    ],
    [
      "Chart.yaml that is not YAML",
      { "Chart.yaml": `${chartYaml}sources: [\nhome: x\n` },
      "site/Chart.yaml is not valid YAML: ",
      { file: "site/Chart.yaml", line: 5 },
    ],
    [
      "a version that no range matches",
      { "Chart.yaml": "# mine\napiVersion: v2\nname: site\nversion: v1.2.3\n" },
      'site/Chart.yaml has the version "v1.2.3", which no version range matches; publish a full SemVer version such as 1.0.0.',
      { file: "site/Chart.yaml", line: 4 },
    ],
    [
      "a stale Chart.lock",
      {
        "Chart.yaml": `${chartYaml}dependencies: [{name: a, version: 1.0.0, repository: https://a.test}]\n`,
        "Chart.lock": "digest: sha256:0\ngenerated: 2026-01-01T00:00:00Z\n",
      },
      "Chart.lock of site does not belong to the dependencies that Chart.yaml has now",
      { file: "site/Chart.lock" },
    ],
    [
      "values.yaml that is a list",
      { "values.yaml": "- a\n" },
      'site/values.yaml must be a map; write "key: value" lines.',
      { file: "site/values.yaml" },
    ],
    [
      "a template that does not end",
      { "templates/b.yaml": "\n{{ if }}\n" },
      "The chart site cannot be published: templates/b.yaml:2: the block that begins here has no {{ end }}.",
      { file: "site/templates/b.yaml", line: 2 },
    ],
  ])("with %s is refused in one sentence, beside the file", async (_what, more, message, at) => {
    await withChart({ ...simple, ...more }, async (workspace) => {
      const error = await refused(workspace);
      expect(error?.message.startsWith(message)).toBe(true);
      expect(error).toMatchObject(at);
    });
  });

  test("with Git LFS pointers is published where that is meant", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    await withChart({ ...simple, "files/a": pointer }, async (workspace) => {
      const { exitCode } = await publishSimple(workspace, { inputs: { "allow-lfs-pointers": "true" } });
      expect(exitCode).toBe(0);
    });
  });

  testNeeding("FIFOs")("with a FIFO or a socket is refused, saying what it is", async () => {
    await withChart(simple, async (workspace) => {
      const pipe = join(workspace, "site/pipe");
      execFileSync("mkfifo", [pipe]);
      expect(await refused(workspace)).toMatchObject({
        message: '"pipe" in the chart is a named pipe (FIFO); remove it or list it in .helmignore.',
        file: "site/pipe",
      });
      await rm(pipe);
      const server = createServer().listen(join(workspace, "site/socket"));
      await once(server, "listening");
      const error = await refused(workspace);
      server.close();
      expect(error?.message).toBe('"socket" in the chart is a socket; remove it or list it in .helmignore.');
    });
  });

  testNeeding("a file system that keeps bytes")(
    "with a name that is not UTF-8 is refused, with the name escaped",
    async () => {
      await withChart(simple, async (workspace) => {
        await writeFile(
          Buffer.concat([Buffer.from(`${workspace}/site/caf`), Buffer.from([0xe9]), Buffer.from(".txt")]),
          "x",
        );
        expect((await refused(workspace))?.message).toBe(
          'The chart contains "caf\\xe9.txt", whose name is not UTF-8; rename it.',
        );
      });
    },
  );

  test("in a folder of RUNNER_TEMP is published; links may not lead to what other steps left beside it", async () => {
    await withChart({}, async (workspace) => {
      await using temp = await temporaryFolder();
      const generated = join(temp.path, "_temp/generated/site");
      await writeTree(join(temp.path, "_temp"), { "git-credentials-1.config": "SECRET" });
      await writeTree(generated, { ...simple, "files/a": { link: "../../shared" } });
      await writeTree(join(generated, ".."), { shared: "x" });
      const options = { temp: temp.path, inputs: { chart: generated } };
      expect(await publishSimple(workspace, options)).toMatchObject({ exitCode: 0 });
      registry.clearRequests();
      await writeTree(generated, { b: { link: "../../git-credentials-1.config" } });
      expect((await refused(workspace, options))?.message).toBe(
        'The link "b" in the chart leaves the workspace; copy the file into the chart.',
      );
      await writeTree(join(temp.path, "_temp"), simple);
      const whole = { ...options, inputs: { chart: join(temp.path, "_temp") } };
      expect((await refused(workspace, whole))?.message).toContain(
        "is outside the workspace, or is a link that leads out of it",
      );
    });
  });
});

describe("what helm lint and helm package accept is published", () => {
  const child = { "charts/child/Chart.yaml": "apiVersion: v2\nname: child\nversion: 1.0.0\n" };
  const asking = (version: string) => `dependencies: [{name: child, version: ${version}, repository: ""}]\n`;

  test.each<[string, Tree, readonly string[]]>([
    [
      "dependencies of apiVersion v1 in requirements.yaml",
      {
        ...child,
        "Chart.yaml": "apiVersion: v1\nname: site\nversion: 1.2.3\n",
        "requirements.yaml": asking("1.0.0"),
      },
      [],
    ],
    ["version 0.0.0", { "Chart.yaml": "apiVersion: v2\nname: site\nversion: 0.0.0\n" }, []],
    [
      "an empty list of dependencies, with the lock that Helm writes for it",
      {
        "Chart.yaml": `${chartYaml}dependencies: []\n`,
        "Chart.lock":
          "dependencies: []\ndigest: sha256:643d5437104296e21d906ecb15b2c96ad278f20cfc4af53b12bb6069bd853726\ngenerated: 2026-01-01T00:00:00Z\n",
      },
      [],
    ],
    [
      "a lock that is left over beside no dependencies",
      {
        "Chart.lock":
          "dependencies: [{name: child, version: 1.0.0, repository: https://child.test}]\ndigest: sha256:0\ngenerated: 2026-01-01T00:00:00Z\n",
      },
      ["Chart.lock is left over: Chart.yaml has no dependencies; delete it"],
    ],
    [
      "a vendored dependency whose version is not a range",
      { ...child, "Chart.yaml": chartYaml + asking("stable") },
      [],
    ],
    [
      "an alias of a vendored dependency whose version is not a range, which Helm ignores",
      { ...child, "Chart.yaml": `${chartYaml}dependencies: [{name: child, alias: other, repository: ""}]\n` },
      [
        'the dependency child in Chart.yaml has the version "", which is not a range, so Helm ignores its alias, condition and tags',
      ],
    ],
    ["a vendored dependency without a version", { ...child, "Chart.yaml": chartYaml + asking('""') }, []],
    ["a tag of YAML that nobody knows", { "Chart.yaml": `${chartYaml}condition: !redis.emulate\n` }, []],
  ])("%s", async (_what, more, warnings) => {
    await withChart({ ...simple, ...more }, async (workspace) => {
      const { exitCode, annotations, outputs } = await publishSimple(workspace);
      expect(annotations.filter(({ level }) => level !== "notice").map(({ message }) => message)).toEqual(
        warnings,
      );
      expect([exitCode, outputs.changed]).toEqual([0, "true"]);
      if (helm === undefined) return;
      await using folder = await temporaryFolder();
      const site = join(workspace, "site");
      await runHelm(folder.path, "lint", site);
      await runHelm(folder.path, "package", site, "--destination", folder.path);
      const from = `oci://${registry.host}/octo-org/site/charts/site`;
      await runHelm(folder.path, "template", "x", from, "--version", String(outputs.version));
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
