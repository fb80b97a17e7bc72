import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseAllDocuments, parseDocument } from "yaml";
import { automaticTag } from "../../packages/action-runtime/src/tag.ts";
import { mismatches, shapes } from "./object-shapes.ts";
import { copyChart, describeWithHelm, type KubernetesObject, problemsIn } from "./rendered-chart.ts";

const root = join(import.meta.dirname, "..", "..");
const files = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => `examples/${name.replaceAll("\\", "/")}`)
  .sort();
const read = (path: string) => readFileSync(join(root, path), "utf8");
const objectsIn = (path: string): readonly KubernetesObject[] =>
  parseAllDocuments(read(path)).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS();
  });
const flux = files.filter((path) => path.startsWith("examples/flux/")).flatMap(objectsIn);
const objectsOf = (...folders: readonly string[]) =>
  files.filter((path) => folders.some((folder) => path.startsWith(`${folder}/`))).flatMap(objectsIn);
const find = (objects: readonly KubernetesObject[], kind: string, name?: string): KubernetesObject =>
  objects.find((object) => object.kind === kind && (name === undefined || object.metadata.name === name));

const knownKind = ({ apiVersion, kind, spec }: KubernetesObject) =>
  `${apiVersion} ${kind}${kind === "Receiver" ? ` ${spec.type}` : ""}`;

describe.each(files)("%s", (path) => {
  test("begins with what it is", () => expect(read(path)).toMatch(/^# [A-Z]/));

  test("has objects of the right shape", () => {
    for (const object of objectsIn(path)) {
      expect(object.metadata.name).toMatch(/^[a-z0-9-]+$/);
      const shape = shapes[knownKind(object)];
      if (path === "examples/kubernetes/site.yaml") expect(shape).toBeUndefined();
      else expect(mismatches(object.spec, shape ?? {})).toEqual([]);
    }
  });
});

describe("a mistake in an example is found", () => {
  const release = find(flux, "HelmRelease", "blog").spec;
  const shape = shapes["helm.toolkit.fluxcd.io/v2 HelmRelease"] ?? {};

  test.each([
    ["a duration in days", { interval: "1d" }, "spec.interval"],
    ["a key that does not exist", { chartref: {} }, "spec.chartref: is not known"],
    ["a missing key", { chartRef: undefined }, "spec.chartRef: is missing"],
    [
      "a strategy that does not exist",
      { upgrade: { ...release.upgrade, strategy: { name: "Retry" } } },
      "spec.upgrade.strategy.name",
    ],
    [
      "a number as text",
      { upgrade: { ...release.upgrade, remediation: { retries: "1" } } },
      "spec.upgrade.remediation.retries: must be a integer",
    ],
    ["a list for a map", { chartRef: [] }, "spec.chartRef: must be a map"],
  ])("%s", (_title, edit, expected) => {
    expect(mismatches({ ...release, ...edit }, shape)).toEqual([expect.stringContaining(expected)]);
  });

  test("an empty list, and a repository in capitals", () => {
    const repository = { image: "ghcr.io/Octo/site", interval: "5m", exclusionList: [] };
    expect(mismatches(repository, shapes["image.toolkit.fluxcd.io/v1 ImageRepository"] ?? {})).toHaveLength(
      2,
    );
  });
});

describe("the objects of Flux", () => {
  test("refer to objects that exist", () => {
    const known = new Set(flux.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`));
    // Those that `flux bootstrap` makes.
    for (const kind of ["GitRepository", "Kustomization"]) known.add(`${kind}/flux-system/flux-system`);
    const references = flux.flatMap(({ metadata, spec }) =>
      [
        spec.chartRef,
        spec.sourceRef,
        spec.imageRepositoryRef && { kind: "ImageRepository", ...spec.imageRepositoryRef },
        spec.providerRef && { kind: "Provider", ...spec.providerRef },
        ...(spec.resources ?? []),
        ...(spec.eventSources ?? []),
      ]
        .filter((reference) => reference !== undefined)
        .map(({ kind, name, namespace = metadata.namespace }) => `${kind}/${namespace}/${name}`),
    );
    expect(references.length).toBeGreaterThan(10);
    expect(references.filter((reference) => !known.has(reference))).toEqual([]);
  });

  test("are all in one namespace", () => {
    expect(new Set(flux.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["flux-system"]));
  });

  test("name what the workflow publishes", () => {
    const site = "ghcr.io/octo-org/site";
    expect(new Set(flux.flatMap(({ spec }) => spec.url ?? []))).toEqual(
      new Set([`oci://${site}/charts/bart`]),
    );
    expect(new Set(flux.flatMap(({ spec }) => spec.image ?? []))).toEqual(new Set([site]));
  });

  test("accept this chart's version", () => {
    const [, major] = /^version: (\d+)\./m.exec(read("charts/bart/Chart.yaml")) ?? [];
    for (const { spec } of flux.filter(({ kind }) => kind === "OCIRepository")) {
      expect(spec.ref.semver).toBe(`${major}.x`);
    }
    const argo = objectsIn("examples/argocd/application.yaml")[0].spec.source.targetRevision;
    expect(read("charts/bart/Chart.yaml")).toContain(`\nversion: ${argo}\n`);
  });
});

describe("the policy for releases", () => {
  const { filterTags } = find(flux, "ImagePolicy", "blog").spec;
  const pattern = new RegExp(filterTags.pattern);

  test.each(["0.1.2", "10.20.30"])("takes %s", (tag) => expect(tag).toMatch(pattern));
  test.each(["0.1", "v0.1.2", "0.1.2-rc.1", "latest", "main-0123abcd-1795609999", "x0.1.2"])(
    "leaves %s",
    (tag) => expect(tag).not.toMatch(pattern),
  );
});

describe("the policy for builds of main", () => {
  const { filterTags } = find(flux, "ImagePolicy", "blog-main").spec;
  // Go writes named groups as (?P<name>…).
  const pattern = new RegExp(filterTags.pattern.replace("(?P<", "(?<"));
  const tagOf = (branch: string, sha = "0123abcd".repeat(5), epoch = 1795609999) =>
    automaticTag({ kind: "branch", name: branch }, sha, async () => epoch);

  test("takes a build of main, and sorts by its time", async () => {
    expect(pattern.exec(await tagOf("main"))?.groups).toEqual({ time: "1795609999" });
  });

  test.each(["main-abc", "mainline", "Main", "feature/main", "main/x", "main-0123abcd", "ma.in"])(
    "leaves a build of the branch %s",
    async (branch) => expect(await tagOf(branch)).not.toMatch(pattern),
  );

  test.each(["latest", "main", "0.1.2", "pr-7-0123abcd", `sha256-${"0".repeat(64)}`])(
    "leaves the tag %s",
    (tag) => expect(tag).not.toMatch(pattern),
  );

  test("has a release that names such a tag", () => {
    expect(find(flux, "HelmRelease", "blog-main").spec.values.image.tag).toMatch(pattern);
  });
});

test.each([
  [`sha256-${"0".repeat(64)}`, true],
  ["sha256-0123.sig", true],
  ["pr-7-0123abcd", true],
  ["0.1.2", false],
  ["main-0123abcd-1795609999", false],
  ["previous", false],
])("the tag %s is passed over by the scan: %s", (tag, expected) => {
  for (const { spec } of flux.filter(({ kind }) => kind === "ImageRepository")) {
    expect(spec.exclusionList.some((pattern: string) => new RegExp(pattern).test(tag))).toBe(expected);
  }
});

describe("a marker for the automation", () => {
  const markers = files.flatMap((path) => {
    const document = parseDocument(read(path));
    return [...read(path).matchAll(/^\s+(tag|digest): (".*?") # (\{.*\})$/gm)].map(
      ([, key, value = "", json = ""]) => ({
        ...{ path, key, value: JSON.parse(value), setter: JSON.parse(json).$imagepolicy, document },
      }),
    );
  });

  test("stands behind the tag and the digest of each release", () => expect(markers.length).toBe(6));

  test.each(markers)("$setter names a policy that reflects digests", ({ key, value, setter }) => {
    const [namespace, name, part] = setter.split(":");
    const policy = find(flux, "ImagePolicy", name);
    expect([namespace, part]).toEqual([policy.metadata.namespace, key]);
    expect(policy.spec.digestReflectionPolicy).toBe("IfNotPresent");
    expect(policy.metadata.labels).toMatchObject(
      find(flux, "ImageUpdateAutomation").spec.policySelector.matchLabels,
    );
    if (part === "tag")
      expect(value).toMatch(new RegExp(policy.spec.filterTags.pattern.replace("(?P<", "(?<")));
  });
});

describe("the receivers", () => {
  test("cover both halves of the loop: a new image, and the commit that names it", () => {
    const kinds = objectsOf("examples/flux/receiver").flatMap(({ spec }) => spec.resources ?? []);
    expect(new Set(kinds.map(({ kind }: KubernetesObject) => kind))).toEqual(
      new Set(["ImageRepository", "OCIRepository", "GitRepository"]),
    );
  });

  test("answer GitHub's ping", () => {
    for (const { spec } of flux.filter(({ spec }) => spec.type === "github" && spec.events)) {
      expect(spec.events).toContain("ping");
    }
  });

  test("have the name that the publishing workflow calls unless told otherwise, and know who calls", () => {
    const [, name] = /FLUX_RECEIVER \|\| '([\w-]+)'/.exec(read(".github/workflows/publish.yaml")) ?? [];
    const { metadata, spec } = find(flux, "Receiver", name);
    expect(metadata.name).toBe(name);
    expect(spec.oidcProviders[0].validations.map(({ expression }: KubernetesObject) => expression)).toEqual([
      "claims.repository == 'octo-org/site'",
      expect.stringContaining("claims.ref"),
    ]);
  });
});

describe("the signature that is asked for", () => {
  const [{ issuer, subject }] = objectsIn("examples/flux/verified/chart.yaml")[0].spec.verify
    .matchOIDCIdentity;
  const identity = (owner: string, ref: string) =>
    `https://github.com/${owner}/.github/workflows/publish.yaml@${ref}`;

  test("is that of the publishing workflow for a chart's tag", () => {
    expect("https://token.actions.githubusercontent.com").toMatch(new RegExp(issuer));
    expect(identity("octo-org/site", "refs/tags/chart-2.0.0")).toMatch(new RegExp(subject));
  });

  test.each([
    ["octo-org/site-fork", "refs/tags/chart-2.0.0"],
    ["evil/octo-org/site", "refs/tags/chart-2.0.0"],
    ["octo-org/site", "refs/heads/main"],
    ["octo-org/site", "refs/tags/chart-2.0.0-rc.1"],
  ])("is not that of %s at %s", (repository, ref) => {
    expect(identity(repository, ref)).not.toMatch(new RegExp(subject));
  });
});

describeWithHelm("the values of an example", () => {
  const releases = files.flatMap((path) =>
    objectsIn(path).flatMap(({ kind, spec }) =>
      kind === "HelmRelease"
        ? [[path, spec.values] as const]
        : kind === "Application"
          ? [[path, spec.source.helm.valuesObject] as const]
          : [],
    ),
  );

  test("are found in each place", () => expect(releases.length).toBe(4));

  test.each(releases)("%s are accepted by the chart, with and without a digest", async (_path, values) => {
    await using chart = await copyChart();
    for (const digest of ["", `sha256:${"0123456789abcdef".repeat(4)}`]) {
      const { objects } = await chart.render({ ...values, image: { ...values.image, digest } });
      expect(problemsIn(objects)).toEqual([]);
    }
  });

  test("for plain Kubernetes are those of the chart", async () => {
    await using chart = await copyChart();
    const [, service, deployment, budget] = objectsIn("examples/kubernetes/site.yaml");
    const { objects } = await chart.render({
      replicaCount: deployment.spec.replicas,
      image: { repository: "octo-org/site", tag: "0.1.0" },
    });
    const { spec } = find(objects, "Deployment");
    const [{ name: _own, env: _env, imagePullPolicy: _policy, ...container }] = spec.template.spec.containers;
    expect(deployment.spec.template.spec.containers).toEqual([{ name: "site", ...container }]);
    expect(deployment.spec.strategy).toEqual(spec.strategy);
    expect(deployment.spec.template.spec).toMatchObject({
      securityContext: spec.template.spec.securityContext,
      volumes: spec.template.spec.volumes,
    });
    expect(service.spec.ports).toEqual(find(objects, "Service").spec.ports);
    expect(budget.spec.maxUnavailable).toBe(find(objects, "PodDisruptionBudget").spec.maxUnavailable);
    expect(problemsIn(objectsIn("examples/kubernetes/site.yaml"))).toEqual([]);
  });
});

describe("the guides", () => {
  const guides = ["docs/flux.md", "docs/deploying.md", "charts/bart/README.md", "README.md"];

  test.each(guides)("%s shows no YAML that is not one of these files", (path) => {
    const alone = read(path)
      .replace(/<!-- include \S+ -->\n[\s\S]*?<!-- \/include -->/g, "")
      .match(/^```ya?ml$/gm);
    expect(alone).toBeNull();
  });

  test("show every example", () => {
    const shown = guides.map(read).join("\n");
    expect(files.filter((path) => !shown.includes(`<!-- include ${path} -->`))).toEqual([]);
  });
});
