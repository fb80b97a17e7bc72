import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import {
  deleteRef,
  dispatch,
  mergeGroup,
  pullRequest,
  pushBranch,
  pushTag,
  runWorkflow,
  type StandIn,
  type WorkflowEvent,
  type WorkflowOptions,
  type WorkflowRun,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";

const test = testNeeding("the sandbox's runner");
const root = join(import.meta.dirname, "../..");

/** Stands in for every bundle: says which inputs it was given, and fills in every output. */
const bundle = `
import { appendFileSync, readFileSync } from "node:fs";
const { ["INPUT_REGISTRY-PASSWORD"]: password, ["INPUT_GITHUB-TOKEN"]: token, INPUT_TOKEN, ...env } = process.env;
console.log(JSON.stringify(Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("INPUT_")))));
const declared = readFileSync(new URL("../action.yml", import.meta.url), "utf8").split(/^outputs:$/m)[1] ?? "";
for (const [, name] of declared.split(/^runs:$/m)[0].matchAll(/^  ([\\w-]+):/gm)) appendFileSync(process.env.GITHUB_OUTPUT, name + "=" + process.env.GITHUB_ACTION_PATH.split("/").at(-1) + "-" + name + "\\n");
`;

let checkout: string;
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), "consolidated-test-"));
  await cp(join(root, ".github/workflows"), join(checkout, ".github/workflows"), { recursive: true });
  for (const folder of ["actions", ".github/actions"])
    for (const action of await readdir(join(root, folder))) {
      const dist = join(checkout, folder, action, "dist");
      await mkdir(dist, { recursive: true });
      await cp(join(root, folder, action, "action.yml"), join(dist, "../action.yml"));
      await writeFile(join(dist, "package.json"), '{"type":"module"}');
      await writeFile(join(dist, "index.js"), bundle);
      await writeFile(join(dist, "post.js"), "");
    }
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

/** What the actions of others were asked for, as `name inputs`. */
let others: string[] = [];
const standIn = (name: string): StandIn => {
  return async ({ inputs }) => {
    others.push(`${name} ${JSON.stringify(inputs)}`);
    return { log: name };
  };
};

const run = (
  event: WorkflowEvent,
  variables: Readonly<Record<string, string>> = {},
  name = "consolidated",
  options: Partial<WorkflowOptions> = {},
) => {
  others = [];
  return runWorkflow({
    file: join(checkout, `.github/workflows/${name}.yaml`),
    workspace: checkout,
    event,
    variables,
    standIns: Object.fromEntries(
      ["actions/attest", "fluxcd/flux2", "dataaxiom/ghcr-cleanup-action"].map((other) => [
        other,
        standIn(other),
      ]),
    ),
    ...options,
  });
};

/** Jobs that ran, with what their tokens could do, short: `cr pw` is contents read, packages write. */
const ran = ({ jobs }: WorkflowRun) =>
  Object.fromEntries(
    jobs
      .filter(({ result }) => result !== "skipped")
      .map(({ id, permissions }) => [
        id,
        Object.entries(permissions)
          .map(([scope, access]) => `${scope}:${access}`)
          .sort()
          .join(" "),
      ]),
  );

const stepOf = (result: WorkflowRun, job: string, step: string) =>
  result.jobs.find(({ id }) => id === job)?.steps.find(({ name }) => name === step);

/** The inputs a step's action was given. */
function inputsOf(result: WorkflowRun, job: string, step: string): Record<string, string> {
  return JSON.parse(stepOf(result, job, step)?.log ?? "{}");
}

const publishing = "attestations:write contents:read id-token:write packages:write";
const smoke = {
  "publish/smoke (ubuntu-latest)": "packages:read",
  "publish/smoke (ubuntu-24.04-arm)": "packages:read",
};
const branch = {
  "publish/site": publishing,
  ...smoke,
  "publish/attest": publishing,
  "publish/page": "",
};
const release = { ...branch, release: "contents:write" };
const publishedChart = {
  "publish/chart": publishing,
  "publish/attest": publishing,
  "publish/page": "",
};
const chart = { ...publishedChart, release: "contents:write" };
const dryRun = { "dry-run/dry-run": "contents:read packages:read" };
const comment = { comment: "pull-requests:write" };

describe("the pushed ref decides what is published", () => {
  test.each<[string, WorkflowEvent, Readonly<Record<string, string>>]>([
    ["a release of the site", pushTag("0.1.2"), release],
    ["a pre-release of the site", pushTag("0.2.0-rc.1"), release],
    ["a branch", pushBranch("main"), branch],
    ["a branch with slashes", pushBranch("feature/Über x"), branch],
    ["a branch that looks like a chart", pushBranch("chart-1.0.3"), branch],
    ["a release of the chart", pushTag("chart-1.0.3"), chart],
    ["a pull request", pullRequest(), { ...dryRun, ...comment }],
    ["a pull request from a fork", pullRequest({ fork: true }), dryRun],
    ["a merge queue", mergeGroup(), dryRun],
    ["a branch, by hand", dispatch("refs/heads/main"), branch],
    ["a release, by hand", dispatch("refs/tags/0.1.2"), branch],
    ["a chart, by hand", dispatch("refs/tags/chart-1.0.3"), publishedChart],
    ["a deleted branch", deleteRef("refs/heads/old"), {}],
    ["a deleted tag", deleteRef("refs/tags/0.1.2"), {}],
    ["a pull request that was closed", pullRequest({ action: "closed" }), {}],
  ])("%s", async (_name, event, jobs) => {
    const result = await run(event, { SKIP_SPIN_UP: "true" });
    expect(ran(result)).toEqual(
      Object.fromEntries(Object.entries(jobs).filter(([, value]) => value !== undefined)),
    );
    expect(result.conclusion).toBe("success");
  });

  test.each([
    ["the tag v1.0.0", pushTag("v1.0.0")],
    ["the tag v1", pushTag("v1")],
    ["the tag release/1", pushTag("release/1")],
    ["the tag nightly", pushTag("nightly")],
    ["the tag 0.1", pushTag("0.1")],
    ["a branch of Dependabot", pushBranch("dependabot/npm_and_yarn/yaml-2.9.2")],
    ["a branch of the merge queue", pushBranch("gh-readonly-queue/main/pr-7-0123")],
  ])("%s publishes nothing", async (_name, event) => {
    expect((await run(event)).triggered).toBe(false);
  });
});

describe("the site", () => {
  test("is published content first, and the shim refers to that digest", async () => {
    const result = await run(pushTag("0.1.2", { repository: "Octo-Org/Site" }));
    expect(inputsOf(result, "publish/site", "Publish the content")).toMatchObject({
      INPUT_MANIFEST: "site/spin.toml",
      INPUT_REFERENCE: "",
      INPUT_TAG: "auto",
      INPUT_ALIASES: "auto",
      "INPUT_DRY-RUN": "false",
      INPUT_IMMUTABLE: "true",
    });
    expect(inputsOf(result, "publish/site", "Publish the shim")).toMatchObject({
      INPUT_CONTENT: "spin-registry-push-reference",
      INPUT_IMAGE: "",
      INPUT_TAG: "auto",
      INPUT_PLATFORMS: "linux/amd64,linux/arm64",
      INPUT_EMBED: "modules",
    });
  });

  test("is run on both kinds of runner", async () => {
    const result = await run(pushBranch("main"));
    expect(
      result.jobs.filter(({ id }) => id.startsWith("publish/smoke")).map(({ runsOn }) => runsOn),
    ).toEqual(["ubuntu-latest", "ubuntu-24.04-arm"]);
    expect(inputsOf(result, "publish/smoke (ubuntu-24.04-arm)", "Fetch the front page")).toEqual({
      INPUT_CONTENT: "spin-registry-push-reference",
      INPUT_IMAGE: "build-shim-reference",
      INPUT_TAG: "build-shim-tag",
      "INPUT_REGISTRY-USERNAME": "mona",
    });
  });

  test("is not run where the repository disables it", async () => {
    const result = await run(pushBranch("main"), { SKIP_SPIN_UP: "true" });
    const step = stepOf(result, "publish/smoke (ubuntu-latest)", "Fetch the front page");
    expect(step?.outcome).toBe("skipped");
  });

  test("is attested when it is public, by digest", async () => {
    await run(pushBranch("main"));
    expect(others.filter((line) => line.startsWith("actions/attest"))).toEqual([
      'actions/attest {"subject-name":"spin-registry-push-repository","subject-digest":"spin-registry-push-digest"}',
      'actions/attest {"subject-name":"build-shim-repository","subject-digest":"build-shim-digest"}',
    ]);
    await run(pushBranch("main", { private: true }));
    expect(others).toEqual([]);
  });

  test("tells Flux where the repository names a receiver", async () => {
    const result = await run(pushBranch("main"), { FLUX_WEBHOOK_URL: "https://flux.example.com" });
    expect(others.filter((line) => line.startsWith("fluxcd"))).toHaveLength(1);
    // There is no flux on this machine: what is published stays published.
    expect(result.conclusion).toBe("success");
  });
});

test("a failing smoke test is reported and holds nothing back, unless it is required", async () => {
  const smoke = join(checkout, ".github/actions/smoke/dist/index.js");
  await writeFile(smoke, "process.exit(1);");
  const caller = join(checkout, ".github/workflows/caller.yaml");
  const call = (required: string) => `name: caller
on: push
jobs:
  publish:
    permissions: { contents: read, packages: write, id-token: write, attestations: write }
    uses: $/.github/workflows/publish.yaml
    with: { manifest: spin.toml, attest: true, smoke: ${required} }
`;
  try {
    await writeFile(caller, call("auto"));
    const reported = await run(pushBranch("main"), {}, "caller");
    expect(reported.conclusion).toBe("success");
    expect(others.filter((line) => line.startsWith("actions/attest"))).toHaveLength(2);
    await writeFile(caller, call("required"));
    const required = await run(pushBranch("main"), {}, "caller");
    expect(required.conclusion).toBe("failure");
    expect(others).toEqual([]);
    expect(ran(required)).toHaveProperty("publish/page");
  } finally {
    await writeFile(smoke, bundle);
    await rm(caller);
  }
});

test("the chart waits for the shim that it installs", async () => {
  const result = await run(pushTag("chart-1.0.3", { repository: "Octo-Org/Site" }));
  expect(inputsOf(result, "publish/chart", "Publish the chart")).toMatchObject({
    INPUT_CHART: "charts/bart",
    INPUT_REPOSITORY: "",
    INPUT_VALUES: "image.repository={repository}",
    INPUT_REQUIRES: "{registry}/{repository}:{app-version}",
    "INPUT_REQUIRES-TIMEOUT": "10",
  });
});

describe("a pull request", () => {
  test("writes nothing, and its shim is built on its content", async () => {
    const result = await run(pullRequest({ fork: true }));
    for (const step of ["Build the content", "Build the shim", "Build the chart"])
      expect(inputsOf(result, "dry-run/dry-run", step)).toMatchObject({ "INPUT_DRY-RUN": "true" });
    expect(inputsOf(result, "dry-run/dry-run", "Build the shim")).toMatchObject({
      INPUT_CONTENT: "spin-registry-push-layout",
    });
  });

  test("is previewed where previews are on, and removed when it is closed", async () => {
    const previews = { PREVIEWS: "true", SKIP_SPIN_UP: "true" };
    const result = await run(pullRequest({ number: 7 }), previews);
    expect(inputsOf(result, "preview/site", "Publish the content")).toMatchObject({
      INPUT_TAG: "preview",
      INPUT_ALIASES: "",
      "INPUT_DRY-RUN": "false",
    });
    expect(ran(result)).not.toHaveProperty(["preview/smoke (ubuntu-latest)"]);
    const closed = await run(
      pullRequest({ number: 7, action: "closed", repository: "Octo-Org/Site" }),
      previews,
    );
    expect(ran(closed)).toEqual({ "remove-preview": "packages:write" });
    expect(others).toEqual([
      'dataaxiom/ghcr-cleanup-action {"packages":"site,site/content","delete-tags":"pr-7-*"}',
    ]);
  });

  test("from a fork is never previewed, and no job of it can write", async () => {
    const result = await run(pullRequest({ fork: true }), { PREVIEWS: "true" });
    expect(ran(result)).toEqual(dryRun);
    expect(ran(await run(pullRequest({ fork: true, action: "closed" }), { PREVIEWS: "true" }))).toEqual({});
  });
});

describe("releases wait for each other, and publishing jobs are not cancelled", () => {
  const concurrencyOf = async (event: WorkflowEvent, job: string) =>
    (await run(event)).jobs.find(({ id }) => id === job)?.concurrency;

  test.each([
    ["0.1.2", pushTag("0.1.2"), "publish/site", "publish-site/spin.toml-releases"],
    ["main", pushBranch("main"), "publish/site", "publish-site/spin.toml-refs/heads/main"],
    ["chart-1.0.3", pushTag("chart-1.0.3"), "publish/chart", "publish-charts-charts/bart"],
  ])("%s", async (_name, event, job, group) => {
    expect(await concurrencyOf(event, job)).toEqual({ group, cancelInProgress: false, queue: "max" });
  });

  test("a pull request's older run is cancelled", async () => {
    expect(await concurrencyOf(pullRequest({ number: 7 }), "dry-run/dry-run")).toEqual({
      group: "dry-run-site/spin.toml-charts/bart-refs/pull/7/merge",
      cancelInProgress: true,
      queue: "single",
    });
  });
});

describe("another repository", () => {
  let other: string;
  beforeAll(async () => {
    other = await mkdtemp(join(tmpdir(), "caller-test-"));
    await mkdir(join(other, ".github/workflows"), { recursive: true });
  });
  afterAll(() => rm(other, { recursive: true, force: true }));

  const called = (event: WorkflowEvent, workflow: string) =>
    writeFile(join(other, ".github/workflows/publish.yaml"), workflow).then(() =>
      run(event, { SKIP_SPIN_UP: "true" }, "unused", {
        file: join(other, ".github/workflows/publish.yaml"),
        workspace: other,
        repositories: { "octo/publisher": checkout },
      }),
    );
  const minimal = `name: publish
on: { push: { branches: [main], tags: ["[0-9]+.[0-9]+.[0-9]+"] }, pull_request: {} }
jobs:
  publish:
    if: github.event_name == 'push'
    permissions: { contents: read, packages: write, id-token: write }
    uses: octo/publisher/.github/workflows/publish.yaml@v1
    with: { manifest: spin.toml }
  dry-run:
    if: github.event_name == 'pull_request'
    permissions: { contents: read, packages: read }
    uses: octo/publisher/.github/workflows/dry-run.yaml@v1
    with: { manifest: spin.toml }
`;

  test("publishes its own site with the actions beside the called workflow", async () => {
    const result = await called(pushBranch("main", { repository: "acme/blog" }), minimal);
    expect(ran(result)).toEqual({
      "publish/site": "contents:read id-token:write packages:write",
      ...smoke,
      "publish/page": "",
    });
    expect(inputsOf(result, "publish/site", "Publish the content")).toMatchObject({
      INPUT_MANIFEST: "spin.toml",
      INPUT_REFERENCE: "",
    });
    expect(others).toEqual([]);
  });

  test("compares the pull requests of its forks with a token that only reads", async () => {
    const event = pullRequest({ repository: "acme/blog", fork: true });
    expect(ran(await called(event, minimal))).toEqual(dryRun);
  });

  test("can call everything at once where it grants everything", async () => {
    const all = `name: publish
on: { push: {}, pull_request: {} }
permissions: { contents: write, packages: write, id-token: write, attestations: write, pull-requests: write }
jobs:
  publish:
    uses: octo/publisher/.github/workflows/consolidated.yaml@v1
    with: { manifest: app, release: false, attest: false }
`;
    const result = await called(pushTag("0.1.2", { repository: "acme/blog" }), all);
    expect(Object.keys(ran(result)).sort()).toEqual([
      "publish/publish/page",
      "publish/publish/site",
      "publish/publish/smoke (ubuntu-24.04-arm)",
      "publish/publish/smoke (ubuntu-latest)",
    ]);
    expect(inputsOf(result, "publish/publish/site", "Publish the content")).toMatchObject({
      INPUT_MANIFEST: "app",
    });
  });

  test("is told at the start of the run which permission is missing for that", async () => {
    const less = `name: publish
on: push
permissions: { contents: read, packages: write }
jobs:
  publish: { uses: octo/publisher/.github/workflows/consolidated.yaml@v1 }
`;
    await expect(called(pushBranch("main"), less)).rejects.toThrow("which its caller does not grant");
  });
});

describe("retention", () => {
  const cleanups = () =>
    others.map((line): Record<string, string> => JSON.parse(line.slice(line.indexOf(" ") + 1)));

  test("by hand shows what it would remove, of the shims first and of the contents then", async () => {
    const result = await run(dispatch("refs/heads/main", { "dry-run": "true" }), {}, "retention");
    expect(result.conclusion).toBe("success");
    expect(inputsOf(result, "shims-then-contents", "List the shims that stay")).toEqual({
      INPUT_RULE: "keep",
      INPUT_BUILDS: "10",
    });
    expect(inputsOf(result, "shims-then-contents", "List the remaining shims")).toMatchObject({
      INPUT_RULE: "all",
    });
    expect(cleanups().map((inputs) => [inputs.packages, inputs["older-than"], inputs["dry-run"]])).toEqual([
      ["kept-tags-packages", "30 days", "true"],
      ["kept-tags-content-packages", "30 days", "true"],
    ]);
  });

  test("removes when told so by hand", async () => {
    const variables = { RETENTION_DAYS: "7", RETENTION_BUILDS: "3" };
    const result = await run(dispatch("refs/heads/main", { "dry-run": "false" }), variables, "retention");
    expect(inputsOf(result, "shims-then-contents", "List the shims that stay")).toMatchObject({
      INPUT_BUILDS: "3",
    });
    expect(cleanups().map((inputs) => [inputs["older-than"], inputs["dry-run"]])).toEqual([
      ["7 days", "false"],
      ["7 days", "false"],
    ]);
  });

  test("by schedule does nothing until it is switched on", async () => {
    const schedule: WorkflowEvent = { ...dispatch("refs/heads/main"), name: "schedule" };
    expect(ran(await run(schedule, {}, "retention"))).toEqual({});
    const on = await run(schedule, { RETENTION: "true" }, "retention");
    expect(ran(on)).toEqual({ "shims-then-contents": "packages:write pull-requests:read" });
    expect(cleanups().map((inputs) => inputs["dry-run"])).toEqual(["false", "false"]);
  });
});
