import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { tar } from "@spin-publisher/archive";
import { createFetch } from "@spin-publisher/http";
import {
  type Artifact,
  blobOf,
  createRegistryClient,
  inspectTarget,
  manifestOf,
  mediaTypes,
  type PublishReport,
  publish,
} from "@spin-publisher/oci";
import { type RegistryServer, startRegistry } from "@spin-publisher/sandbox";
import { chartArtifact } from "../src/artifact/chart-artifact.ts";
import { chooseArtifact } from "../src/artifact/choose-artifact.ts";
import { packChart } from "../src/artifact/pack-chart.ts";
import { parseChartYaml } from "../src/chart/chart-yaml.ts";
import { lockDigest } from "../src/chart/lock.ts";
import { packagedFiles } from "../src/chart/package.ts";
import { chartOf, chartYaml, temporaryFolder, writeTree } from "./chart-folder.ts";
import { describeWithHelm, runHelm } from "./helm.ts";

let registry: RegistryServer;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

const tree = {
  "Chart.yaml": chartYaml,
  "values.yaml": "a: 1\n",
  "templates/a.yaml": "a: {{ .Values.a }}\n",
  README: "x",
};
const target = () => ({
  repository: { registry: registry.host, name: "charts/site" },
  tag: "1.2.3",
  aliases: [],
});

/** Publishes a chart as the action does, with a client of its own: every run is a process of its own. */
async function push(
  files: Readonly<Record<string, string>>,
  { immutable = true, annotations = {} }: { immutable?: boolean; annotations?: Record<string, string> } = {},
): Promise<PublishReport> {
  const client = createRegistryClient({ fetch: createFetch({ mirrors: [] }) });
  const state = await inspectTarget(client, target());
  const sources = { fetch: createFetch({ mirrors: [] }), reader: client, roots: { workspace: "/" } };
  const packed = await packChart(await chartOf(files), "/", sources);
  const { artifact, describeDifference } = await chooseArtifact(
    packed,
    { source: "", created: undefined, annotations },
    { repository: target().repository, existing: state.existing, immutable, dryRun: false, reader: client },
  );
  return await publish(client, artifact, state, { immutable, describeDifference });
}

async function put(artifact: Artifact): Promise<PublishReport> {
  const client = createRegistryClient({ fetch: createFetch({ mirrors: [] }) });
  return await publish(client, artifact, await inspectTarget(client, target()), { immutable: false });
}

/** What was asked since the last `clearRequests`, and whether anything was written. */
const asked = () =>
  registry.requests.map(({ method, path }) => `${method} ${path.replace(/sha256:[0-9a-f]+/, "…")}`);
const manifestPath = "/v2/charts/site/manifests/1.2.3";

describe("a version that exists", () => {
  test("and points at the same chart is left alone, after one question", async () => {
    const first = await push(tree);
    registry.clearRequests();
    const second = await push(tree);
    expect([first.changed, second.changed]).toEqual([true, false]);
    expect(second.digest).toBe(first.digest);
    expect(second.uploadedBytes).toBe(0);
    expect(asked()).toEqual([`GET ${manifestPath}`]);
  });

  test("and points at the same chart from another commit is left alone, without a download", async () => {
    const first = await push(tree, { annotations: { "org.opencontainers.image.revision": "a" } });
    registry.clearRequests();
    const second = await push(tree, { annotations: { "org.opencontainers.image.revision": "b" } });
    expect([second.changed, second.digest]).toEqual([false, first.digest]);
    expect(asked()).toEqual([`GET ${manifestPath}`]);
  });

  test("and points at the same files, packed by another compressor in another order, is left alone", async () => {
    const chart = await chartOf(tree);
    const files = packagedFiles(chart).toReversed();
    const other = gzipSync(await tar(files.map(({ path, bytes }) => ({ type: "file", path, bytes }))), {
      level: 1,
    });
    const existing = await put(
      chartArtifact(chart.metadata, other, { source: "", created: "2020-01-01T00:00:00Z", annotations: {} }),
    );
    registry.clearRequests();
    const again = await push(tree);
    expect([again.changed, again.digest]).toEqual([false, existing.digest]);
    expect(asked()).toEqual([`GET ${manifestPath}`, "GET /v2/charts/site/blobs/…"]);
  });

  test("and points at other files is refused with each path that differs, and nothing is written", async () => {
    const first = await push(tree);
    registry.clearRequests();
    const { README: _gone, ...rest } = tree;
    const edited = { ...rest, "values.yaml": "a: 2\n", LICENSE: "new" };
    const refusal = await push(edited).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(refusal).toContain(`charts/site:1.2.3 already points at ${first.digest}`);
    expect(refusal).toContain("  - added: LICENSE\n  - removed: README\n  - changed: values.yaml\n");
    expect(asked().filter((line) => !line.startsWith("GET "))).toEqual([]);
    const [blob, manifest] = [asked()[1], asked()[0]];
    expect([manifest, blob]).toEqual([`GET ${manifestPath}`, "GET /v2/charts/site/blobs/…"]);
  });

  test("and points at other files is replaced where immutable is false", async () => {
    const first = await push(tree);
    const second = await push({ ...tree, README: "y" }, { immutable: false });
    expect(second.changed).toBe(true);
    expect(second.digest).not.toBe(first.digest);
  });

  test("and points at an image is refused, naming it", async () => {
    const config = blobOf(mediaTypes.config, "{}");
    const document = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: config.descriptor,
      layers: [],
    };
    await put({ root: manifestOf(mediaTypes.manifest, JSON.stringify(document), { blobs: [config] }) });
    await expect(push(tree)).rejects.toThrow(
      /the tag points at application\/vnd.oci.image.config.v1\+json, which is not a Helm chart/,
    );
  });

  test("and points at a package that is not a chart is an error, not a difference", async () => {
    const chart = await chartOf(tree);
    await put(
      chartArtifact(chart.metadata, Buffer.from("no archive"), {
        source: "",
        created: undefined,
        annotations: {},
      }),
    );
    await expect(push(tree)).rejects.toThrow(/The chart that the tag points at is not a packaged chart/);
  });
});

describeWithHelm("a chart that helm push published", () => {
  const child = "# a child\nversion: 1.0.0\nname: child\napiVersion: v2\n";
  const children = [{ name: "child", version: "1.0.0", repository: "" }];
  const described = {
    ...tree,
    "Chart.yaml": `# comments and the order of keys are the author's
version: 1.2.3 # released by hand
name: site
apiVersion: v2
home:   'https://example.com'
unknown: field
dependencies: ${JSON.stringify(children)}
`,
    "Chart.lock": `# locked
digest: sha256:0
dependencies: ${JSON.stringify(children)}
generated: 2026-01-01T00:00:00.100000Z
`,
    "charts/child/Chart.yaml": child,
  };

  test("is the same chart however Helm wrote Chart.yaml and Chart.lock, and another one once they mean something else", async () => {
    await using folder = await temporaryFolder();
    const { dependencies } = parseChartYaml(Buffer.from(described["Chart.yaml"]), "Chart.yaml");
    const current = lockDigest(dependencies, dependencies);
    const files = { ...described, "Chart.lock": described["Chart.lock"].replace("sha256:0", current) };
    const chart = await writeTree(join(folder.path, "site"), files);
    await runHelm(folder.path, "package", chart, "--destination", folder.path);
    await runHelm(folder.path, "push", join(folder.path, "site-1.2.3.tgz"), `oci://${registry.host}/charts`);
    expect((await push(files)).changed).toBe(false);
    expect(
      (await push({ ...files, "Chart.yaml": files["Chart.yaml"].replace("by hand", "by a robot") })).changed,
    ).toBe(false);
    const elsewhere = files["Chart.yaml"].replace("example.com", "example.org");
    await expect(push({ ...files, "Chart.yaml": elsewhere })).rejects.toThrow("  - changed: Chart.yaml\n");
    const later = files["Chart.lock"].replace(".1000", ".2000");
    await expect(push({ ...files, "Chart.lock": later })).rejects.toThrow("  - changed: Chart.lock\n");
    const renamed = { ...files, "charts/child/Chart.yaml": `${child}home: x\n` };
    await expect(push(renamed)).rejects.toThrow("  - changed: charts/child/Chart.yaml\n");
  });

  test("is the same chart: same config, and the version is left alone", async () => {
    await using folder = await temporaryFolder();
    const chart = await writeTree(join(folder.path, "site"), tree);
    await runHelm(folder.path, "package", chart, "--destination", folder.path);
    await runHelm(folder.path, "push", join(folder.path, "site-1.2.3.tgz"), `oci://${registry.host}/charts`);
    registry.clearRequests();
    const ours = await push(tree);
    expect(ours.changed).toBe(false);
    expect(asked().filter((line) => !line.startsWith("GET "))).toEqual([]);
  });

  test("has the config that ours has, byte for byte", async () => {
    await using folder = await temporaryFolder();
    const rich = {
      ...tree,
      "Chart.yaml": `${chartYaml}home: https://example.com/?a=1&b=<2>
type: application
description: "tab\tand ü and 😀"
appVersion: 1.10
annotations: {b: "<&>", a10: x, a9: "line\\nfeed"}
maintainers: [{name: A, email: a@example.com}]
dependencies: [{name: d, version: ">=1.0.0-0", repository: "", import-values: [{z: a, b: [1.5, 1e21]}], tags: [x]}]
`,
      "charts/d/Chart.yaml": "apiVersion: v2\nname: d\nversion: 1.0.0\n",
    };
    const chart = await writeTree(join(folder.path, "site"), rich);
    await runHelm(folder.path, "package", chart, "--destination", folder.path);
    await runHelm(folder.path, "push", join(folder.path, "site-1.2.3.tgz"), `oci://${registry.host}/charts`);
    const client = createRegistryClient({ fetch: createFetch({ mirrors: [] }) });
    const { existing } = await inspectTarget(client, target());
    const { metadata } = await chartOf(rich);
    const ours = chartArtifact(metadata, new Uint8Array(), {
      source: "",
      created: undefined,
      annotations: {},
    });
    expect(existing?.document).toMatchObject({ config: ours.root.blobs[0]?.descriptor });
  });
});

describe("the package", () => {
  test("has Chart.yaml and Chart.lock as they were written, in sub-charts too", async () => {
    const files = {
      "Chart.yaml": `# mine\n${chartYaml}`,
      "Chart.lock": "# locked\ngenerated: 2026-01-01T00:00:00.000Z\n",
      "charts/a/Chart.yaml": "version:   1.0.0 # one\nname: a\n",
    };
    const packaged = packagedFiles(await chartOf(files));
    expect(
      packaged.map(({ path, bytes }) => [path.replace("site/", ""), Buffer.from(bytes).toString()]),
    ).toEqual(Object.entries(files));
  });

  test("is a plain ustar in gzip that tar reads, with nothing in it but the files", async () => {
    await using folder = await temporaryFolder();
    const client = createRegistryClient({ fetch: createFetch({ mirrors: [] }) });
    const sources = { fetch: createFetch({ mirrors: [] }), reader: client, roots: { workspace: "/" } };
    const { archive } = await packChart(await chartOf(tree), "/", sources);
    await writeTree(folder.path, { "site.tgz": archive });
    const listing = execFileSync(
      "tar",
      ["--numeric-owner", "--utc", "-tvzf", join(folder.path, "site.tgz")],
      { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } },
    );
    expect(
      listing
        .trim()
        .split("\n")
        .map((line) => line.replace(/ +/g, " ")),
    ).toEqual([
      "-rw-r--r-- 0/0 41 1970-01-01 00:00 site/Chart.yaml",
      "-rw-r--r-- 0/0 5 1970-01-01 00:00 site/values.yaml",
      "-rw-r--r-- 0/0 19 1970-01-01 00:00 site/templates/a.yaml",
      "-rw-r--r-- 0/0 1 1970-01-01 00:00 site/README",
    ]);
    const header = (await readFile(join(folder.path, "site.tgz"))).subarray(0, 10);
    expect([...header.subarray(0, 8), header[9]]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 255]);
  });

  test("has the sub-charts in the order of their names, however they lie in charts/", async () => {
    const named = (name: string) => `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`;
    const files = async (tree: Readonly<Record<string, string>>) =>
      packagedFiles(await chartOf({ "Chart.yaml": chartYaml, ...tree })).map(({ path }) => path);
    const one = await files({ "charts/1/Chart.yaml": named("b"), "charts/2/Chart.yaml": named("a") });
    const other = await files({ "charts/a/Chart.yaml": named("a"), "charts/b/Chart.yaml": named("b") });
    expect(one).toEqual(["site/Chart.yaml", "site/charts/a/Chart.yaml", "site/charts/b/Chart.yaml"]);
    expect(other).toEqual(one);
  });
});
