import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createFetch } from "@spin-publisher/http";
import { createRegistryClient, digestOf, formatReference, inspectTarget, publish } from "@spin-publisher/oci";
import { type RegistryServer, startRegistry } from "@spin-publisher/sandbox";
import { publicTrustRoot, requiredSigner, requiringSignature } from "@spin-publisher/signing";
import { chartArtifact } from "../src/artifact/chart-artifact.ts";
import { loadChart } from "../src/chart/load.ts";
import { lockDigest } from "../src/chart/lock.ts";
import { emptyMetadata } from "../src/chart/metadata.ts";
import { walkChart } from "../src/chart/walk.ts";
import { type ChartSources, completeChart } from "../src/dependency/complete.ts";
import { findEntry } from "../src/dependency/repository-index.ts";
import { type Tree, temporaryFolder, tgzOf, writeTree } from "./chart-folder.ts";

let registry: RegistryServer;
let repository: { origin: string; requests: string[]; close: () => void };
const served = new Map<string, Uint8Array | string>();
const client = createRegistryClient({ fetch: createFetch({ mirrors: [] }) });

beforeAll(async () => {
  registry = await startRegistry();
  repository = await startRepository();
});
afterAll(async () => {
  repository.close();
  await registry.close();
});

async function startRepository() {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const body = served.get(request.url ?? "");
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, requests, close: () => server.close() };
}

interface Asked {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  readonly alias?: string;
}

/** A chart that asks for dependencies, with the lock that `helm dependency update` would write. */
function chartAsking(asked: readonly Asked[], chosen: readonly string[], more: Tree = {}): Tree {
  const dependency = (one: Asked, version: string) => ({
    ...{
      name: one.name,
      version,
      repository: one.repository,
      condition: "",
      tags: [],
      enabled: false,
      importValues: [],
    },
    alias: "",
  });
  const digest = lockDigest(
    asked.map((one) => ({ ...dependency(one, one.version), alias: one.alias ?? "" })),
    asked.map((one, index) => dependency(one, chosen[index] ?? "")),
  );
  const locked = asked.map(({ name, repository }, index) => ({ name, repository, version: chosen[index] }));
  return {
    "Chart.yaml": `apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies: ${JSON.stringify(asked)}\n`,
    "Chart.lock": JSON.stringify({ dependencies: locked, digest, generated: "2026-01-01T00:00:00Z" }),
    ...more,
  };
}

const childYaml = (version = "0.3.1", name = "child") =>
  `apiVersion: v2\nname: ${name}\nversion: ${version}\n`;

async function complete(tree: Tree, chart = "parent", verify?: ChartSources["verify"]) {
  await using folder = await temporaryFolder();
  await writeTree(
    folder.path,
    Object.fromEntries(
      Object.entries(tree).map(([path, content]) => [
        path.startsWith("../") ? path.slice(3) : `parent/${path}`,
        content,
      ]),
    ),
  );
  const at = join(folder.path, chart);
  const read = await loadChart(await walkChart(at, { workspace: folder.path }), { name: "the chart" });
  return await completeChart(read, at, {
    fetch: createFetch({ mirrors: [] }),
    reader: client,
    verify,
    roots: { workspace: folder.path },
  });
}

/** Serves a chart repository with one chart, under a path of its own. */
async function serve(path: string, entry: object, archive?: Uint8Array): Promise<string> {
  const bytes = archive ?? (await tgzOf({ "Chart.yaml": childYaml() }, "child"));
  served.set(`/${path}/child-0.3.1.tgz`, bytes);
  const full = { version: "0.3.1", urls: ["child-0.3.1.tgz"], digest: digestOf(bytes).slice(7), ...entry };
  served.set(`/${path}/index.yaml`, JSON.stringify({ apiVersion: "v1", entries: { child: [full] } }));
  return `${repository.origin}/${path}`;
}

const child = (repository: string) => [{ name: "child", version: "~0.3", repository }];

describe("an address that holds a secret", () => {
  test.each([
    "https://u:SECRET@charts.test/x?token=SECRET",
    "https://SECRET@charts.test/x",
    "https://charts.test/x?token=SECRET",
    "https://charts.test/x#SECRET",
    "oci://u:SECRET@charts.test/x",
    "ftp://u:SECRET@charts.test/x",
    "charts.test/u:SECRET@x",
  ])("is refused and not repeated: %s", async (repository) => {
    const tree = chartAsking(child(repository), ["0.3.1"]);
    for (const more of [{}, { "charts/child/Chart.yaml": childYaml() }]) {
      const error = await complete({ ...tree, ...more }).catch((error: unknown) => error);
      expect(inspect(error)).toContain("The address of the dependency child contains credentials or a query");
      expect(inspect(error)).not.toContain("SECRET");
    }
  });

  test("is refused in the list of a repository, and a query there is used but not shown", async () => {
    const asked = (repository: string) => complete(chartAsking(child(repository), ["0.3.1"]));
    const withUser = `${repository.origin.replace("//", "//u:SECRET@")}/user/child-0.3.1.tgz`;
    for (const url of [withUser, "oci://u:SECRET@charts.test/child:0.3.1"]) {
      const error = await asked(await serve("user", { urls: [url] })).catch((error: unknown) => error);
      expect(inspect(error)).toContain("lists child 0.3.1 under an address with credentials");
      expect(inspect(error)).not.toContain("SECRET");
    }
    served.set("/signed/child-0.3.1.tgz?sig=SECRET", await tgzOf({ "Chart.yaml": childYaml() }, "child"));
    const { resolved } = await asked(await serve("signed", { urls: ["child-0.3.1.tgz?sig=SECRET"] }));
    expect(resolved[0]?.from).toMatch(/\/signed\/child-0\.3\.1\.tgz@sha256:/);
    const missing = await asked(await serve("gone", { urls: ["gone.tgz?sig=SECRET"] })).catch(
      (error: unknown) => error,
    );
    expect(inspect(missing)).toContain("/gone/gone.tgz answers 404");
    expect(inspect(missing)).not.toContain("SECRET");
  });
});

describe("a dependency from a chart repository", () => {
  test("is fetched in the locked version, verified, and unpacked into the package", async () => {
    const { chart, resolved } = await complete(chartAsking(child(await serve("plain", {})), ["0.3.1"]));
    expect(chart.subcharts.map(({ metadata }) => metadata.name)).toEqual(["child"]);
    expect(resolved).toEqual([
      {
        name: "child",
        version: "0.3.1",
        from: expect.stringMatching(/\/plain\/child-0\.3\.1\.tgz@sha256:[0-9a-f]{64}$/),
      },
    ]);
  });

  test("may be at an absolute address, with a digest that says sha256: or is in capitals", async () => {
    const bytes = await tgzOf({ "Chart.yaml": childYaml() }, "child");
    const address = await serve("absolute", {}, bytes);
    await serve("elsewhere", { urls: [`${address}/child-0.3.1.tgz`], digest: digestOf(bytes) }, bytes);
    const asking = child(`${repository.origin}/elsewhere`);
    expect((await complete(chartAsking(asking, ["0.3.1"]))).resolved[0]?.from).toContain("/absolute/");
  });

  test("twice under two names is fetched once", async () => {
    const address = await serve("twice", {});
    repository.requests.length = 0;
    const [first] = child(address);
    const asked = first === undefined ? [] : [first, { ...first, alias: "second" }];
    const { chart } = await complete(chartAsking(asked, ["0.3.1", "0.3.1"]));
    expect(chart.subcharts).toHaveLength(1);
    expect(repository.requests).toEqual(["/twice/index.yaml", "/twice/child-0.3.1.tgz"]);
  });

  test.each<[string, object, RegExp]>([
    [
      "digest",
      { digest: "0".repeat(64) },
      /has the digest sha256:[0-9a-f]+, but .*wrong-digest lists sha256:0+; it was changed after it was published/,
    ],
    ["missing digest", { digest: "" }, /lists child 0.3.1 without a digest, so it cannot be verified/],
    [
      "version",
      { version: "0.3.2" },
      /has no version 0.3.1 of the chart child; the first that it lists is 0.3.2/,
    ],
    [
      "address",
      { urls: ["file:///etc/passwd"] },
      /lists "file:\/\/\/etc\/passwd" for child 0.3.1, which is not an HTTP address/,
    ],
    [
      "package",
      { urls: ["gone.tgz"] },
      /The chart child 0.3.1 from .*gone.tgz could not be read: .* answers 404/,
    ],
  ])("with a wrong %s is refused", async (what, entry, message) => {
    const address = await serve(`wrong-${what.replace(" ", "-")}`, entry);
    await expect(complete(chartAsking(child(address), ["0.3.1"]))).rejects.toThrow(message);
  });

  test("that is another chart than it says is refused", async () => {
    const other = await tgzOf({ "Chart.yaml": childYaml("0.3.1", "other") }, "child");
    await expect(complete(chartAsking(child(await serve("other", {}, other)), ["0.3.1"]))).rejects.toThrow(
      /but that is the chart other/,
    );
    const newer = await tgzOf({ "Chart.yaml": childYaml("0.9.9") }, "child");
    await expect(complete(chartAsking(child(await serve("newer", {}, newer)), ["0.3.1"]))).rejects.toThrow(
      /but that is version 0.9.9/,
    );
  });

  test("from a repository that does not exist is refused", async () => {
    await expect(complete(chartAsking(child(`${repository.origin}/nowhere/`), ["0.3.1"]))).rejects.toThrow(
      /The index of .*\/nowhere\/ could not be read: .*\/nowhere\/index.yaml answers 404; check "repository" in Chart.yaml/,
    );
  });
});

describe("a dependency from a registry", () => {
  const push = async (version: string) => {
    const archive = await tgzOf({ "Chart.yaml": childYaml(version) }, "child");
    const metadata = { ...emptyMetadata, apiVersion: "v2", name: "child", version };
    const artifact = chartArtifact(metadata, archive, { source: "", created: undefined, annotations: {} });
    const target = {
      repository: { registry: registry.host, name: "charts/child" },
      tag: version.replace("+", "_"),
      aliases: [],
    };
    await publish(client, artifact, await inspectTarget(client, target), { immutable: true });
  };

  test("is fetched under the locked version, with _ for +, and the tags are not listed", async () => {
    await push("0.3.1+build.5");
    registry.clearRequests();
    const asked = child(`oci://${registry.host}/charts`);
    const { resolved } = await complete(chartAsking(asked, ["0.3.1+build.5"]));
    expect(resolved[0]?.from).toMatch(/\/charts\/child:0\.3\.1_build\.5@sha256:/);
    expect(
      registry.requests.map(({ method, path }) => `${method} ${path.replace(/sha256:.*/, "…")}`),
    ).toEqual(["GET /v2/charts/child/manifests/0.3.1_build.5", "GET /v2/charts/child/blobs/…"]);
  });

  test("may be named by a chart repository's index", async () => {
    await push("0.3.1");
    const address = await serve("redirecting", {
      urls: [`oci://${registry.host}/charts/child:0.3.1`],
      digest: "",
    });
    expect((await complete(chartAsking(child(address), ["0.3.1"]))).resolved[0]?.from).toContain(
      "/charts/child:0.3.1@sha256:",
    );
  });

  test("is verified by its digest where a signature is demanded, and refused if it has none", async () => {
    await push("0.3.1");
    const asked = chartAsking(child(`oci://${registry.host}/charts`), ["0.3.1"]);
    const verified: string[] = [];
    await complete(asked, "parent", async (reference) => void verified.push(formatReference(reference)));
    expect(verified).toEqual([expect.stringMatching(/\/charts\/child:0\.3\.1@sha256:[0-9a-f]{64}$/)]);
    const signer = requiredSigner("https://github\\.com/octo/charts/.*", "https://issuer.example.com");
    await expect(
      complete(asked, "parent", requiringSignature(signer, client, publicTrustRoot)),
    ).rejects.toThrow(
      /charts\/child:0\.3\.1@sha256:\w+ is not signed as required.*No Sigstore bundle is attached to it/,
    );
  });

  test("is demanded where a signature is: a chart repository has none, charts/ is part of the checkout", async () => {
    const refuse = async () => {
      throw new Error("nothing was to be verified");
    };
    const address = await serve("unsigned", {});
    await expect(complete(chartAsking(child(address), ["0.3.1"]), "parent", refuse)).rejects.toThrow(
      'where nothing can be signed as "verify-dependencies" demands',
    );
    const vendored = chartAsking(child(address), ["0.3.1"], { "charts/child/Chart.yaml": childYaml() });
    expect((await complete(vendored, "parent", refuse)).resolved).toMatchObject([{ from: "charts/" }]);
  });

  test("that does not exist, or is named twice in the address, is refused", async () => {
    const asked = child(`oci://${registry.host}/charts/child`);
    await expect(complete(chartAsking(asked, ["0.3.1"]))).rejects.toThrow(
      /charts\/child\/child:0.3.1 does not exist or is private/,
    );
    await expect(complete(chartAsking(child("oci://host/Charts"), ["0.3.1"]))).rejects.toThrow(
      /cannot be looked up at "oci:\/\/host\/Charts"; write oci:\/\/host\/path/,
    );
  });
});

describe("a dependency beside the chart", () => {
  const beside = child("file://../child");

  test("is packaged on the fly, by its own .helmignore and with its own dependencies", async () => {
    const { chart, resolved } = await complete(
      chartAsking(beside, ["0.3.1"], {
        "../child/Chart.yaml": `${childYaml()}dependencies: [{name: leaf, version: '*', repository: ""}]\n`,
        "../child/.helmignore": "*.md\n",
        "../child/README.md": "ignored",
        "../child/charts/leaf/Chart.yaml": childYaml("1.0.0", "leaf"),
      }),
    );
    expect(chart.subcharts[0]?.files.map(({ path }) => path)).toEqual([".helmignore"]);
    expect(chart.subcharts[0]?.subcharts[0]?.metadata.name).toBe("leaf");
    expect(resolved.map(({ from }) => from)).toEqual(["file://../child", "charts/"]);
  });

  test.each<[string, Tree, RegExp]>([
    [
      "in another version than the locked one",
      { "../child/Chart.yaml": childYaml("0.3.2") },
      /0.3.1 was fetched from file:\/\/..\/child, but that is version 0.3.2; run "helm dependency update"/,
    ],
    ["that is not there", {}, /is at "file:\/\/..\/child", where there is no folder/],
    ["that leads back", { "../child": { link: "parent" } }, /depends on itself/],
  ])("%s is refused", async (_what, more, message) => {
    await expect(complete(chartAsking(beside, ["0.3.1"], more))).rejects.toThrow(message);
  });

  test("outside the workspace is refused", async () => {
    await expect(complete(chartAsking(child("file:///etc"), ["0.3.1"]))).rejects.toThrow(
      /outside the workspace/,
    );
  });
});

describe("Chart.lock and charts/", () => {
  const remote = child("https://charts.example.com");

  test("a chart in charts/ is taken as it is, and nothing is asked", async () => {
    const vendored = { "charts/child-0.3.1.tgz": await tgzOf({ "Chart.yaml": childYaml() }, "child") };
    const { resolved } = await complete(chartAsking(remote, ["0.3.1"], vendored));
    expect(resolved).toEqual([{ name: "child", version: "0.3.1", from: "charts/" }]);
  });

  test("without a lock a chart in charts/ has to be in the range", async () => {
    const { "Chart.lock": _lock, ...unlocked } = chartAsking(remote, ["0.3.1"], {
      "charts/child/Chart.yaml": childYaml(),
    });
    expect((await complete(unlocked)).resolved).toHaveLength(1);
    await expect(complete({ ...unlocked, "charts/child/Chart.yaml": childYaml("0.4.0") })).rejects.toThrow(
      /charts\/ of parent contains child 0.4.0, but Chart.yaml asks for ~0.3/,
    );
  });

  test("another version in charts/ than the locked one is refused", async () => {
    const vendored = { "charts/child/Chart.yaml": childYaml("0.3.0") };
    await expect(complete(chartAsking(remote, ["0.3.1"], vendored))).rejects.toThrow(
      /contains child 0.3.0, but Chart.lock names 0.3.1; run "helm dependency build"/,
    );
  });

  test("the same chart twice in charts/ is refused", async () => {
    const twice = {
      "charts/child/Chart.yaml": childYaml(),
      "charts/child-0.3.1.tgz": await tgzOf({ "Chart.yaml": childYaml() }, "child"),
    };
    await expect(complete(chartAsking(remote, ["0.3.1"], twice))).rejects.toThrow(
      /contains the chart child twice/,
    );
  });

  test("a missing lock is refused", async () => {
    const { "Chart.lock": _lock, ...unlocked } = chartAsking(remote, ["0.3.1"]);
    await expect(complete(unlocked)).rejects.toThrow(
      'parent depends on child, but there is no Chart.lock that names its version; run "helm dependency update" and commit Chart.lock.',
    );
  });

  test("a stale lock is refused", async () => {
    const stale = {
      ...chartAsking(remote, ["0.3.1"]),
      "Chart.yaml": chartAsking(child("https://other.example.com"), [])["Chart.yaml"] ?? "",
    };
    await expect(complete(stale)).rejects.toThrow(
      /Chart.lock of parent does not belong to the dependencies that Chart.yaml has now/,
    );
  });

  test.each([
    ["", /which has no "repository" and is not in charts\//],
    ["@stable", /has the repository "@stable", a name from somebody's local Helm configuration/],
    ["alias:stable", /write the repository's address/],
  ])("the repository %j is refused", async (repository, message) => {
    await expect(complete(chartAsking(child(repository), ["0.3.1"]))).rejects.toThrow(message);
  });
});

describe("the index of a chart repository", () => {
  const index = `apiVersion: v1
entries:
  another:
  - version: 9.9.9
    urls: [x]
    description: |
      child:
      - version: 0.3.1
  child:
  - apiVersion: v2
    description: a very long line that
      is folded
    version: 0.3.2
    urls:
    - child-0.3.2.tgz
    digest: AA
  - version: 0.3.1+build
    urls: [child-0.3.1.tgz]
    digest: sha256:bb
  - version: 0.3.0
    urls: []
  - nonsense
  zebra:
  - [
generated: "2026-01-01T00:00:00Z"
`;
  test("only the part about the chart is read, however damaged the rest is", () => {
    expect(findEntry(index, "child", "0.3.2", "it")).toEqual({
      version: "0.3.2",
      urls: ["child-0.3.2.tgz"],
      digest: "aa",
    });
  });

  test("a version is found without its build metadata, unless it is there exactly", () => {
    expect(findEntry(index, "child", "0.3.1", "it")).toMatchObject({ version: "0.3.1+build", digest: "bb" });
  });

  test("an entry without an address does not count", () => {
    expect(() => findEntry(index, "child", "0.3.0", "it")).toThrow(/has no version 0.3.0 of the chart child/);
  });

  test("in another layout it is read whole", () => {
    expect(findEntry("entries: {child: [{version: 1.0.0, urls: [u]}]}", "child", "1.0.0", "it").urls).toEqual(
      ["u"],
    );
    expect(() => findEntry(index, "unknown", "1.0.0", "it")).toThrow(/it is not valid YAML/);
    expect(() => findEntry("entries: {}", "child", "1.0.0", "it")).toThrow(/it has no chart "child"/);
    expect(() => findEntry("{", "child", "1.0.0", "it")).toThrow(/it is not valid JSON/);
  });
});
