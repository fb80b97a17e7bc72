import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import {
  pullRequest,
  pushBranch,
  pushTag,
  runWorkflow,
  type WorkflowEvent,
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
const declared = readFileSync(new URL("../action.yml", import.meta.url), "utf8").split(/^outputs:$/m)[1].split(/^runs:$/m)[0];
for (const [, name] of declared.matchAll(/^  ([\\w-]+):/gm)) appendFileSync(process.env.GITHUB_OUTPUT, name + "=" + process.env.GITHUB_ACTION_PATH.split("/").at(-1) + "-" + name + "\\n");
`;

let checkout: string;
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), "consolidated-test-"));
  await cp(join(root, ".github"), join(checkout, ".github"), { recursive: true });
  for (const action of await readdir(join(root, "actions"))) {
    const dist = join(checkout, "actions", action, "dist");
    await mkdir(dist, { recursive: true });
    await cp(join(root, "actions", action, "action.yml"), join(dist, "../action.yml"));
    await writeFile(join(dist, "package.json"), '{"type":"module"}');
    await writeFile(join(dist, "index.js"), bundle);
    await writeFile(join(dist, "post.js"), "");
  }
  await mkdir(join(checkout, "scripts"));
  await writeFile(join(checkout, "scripts", "verify.ts"), 'console.log("verified", process.env.CONTENT);');
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

const run = (event: WorkflowEvent, variables = { SKIP_SPIN_UP: "true" }, name = "consolidated") =>
  runWorkflow({
    file: join(checkout, `.github/workflows/${name}.yaml`),
    workspace: checkout,
    event,
    variables,
  });

/** Jobs that ran, with what their tokens could do. */
const ran = ({ jobs }: WorkflowRun) =>
  Object.fromEntries(
    jobs.filter(({ result }) => result !== "skipped").map(({ id, permissions }) => [id, permissions]),
  );

/** The inputs a step's action was given. */
function inputsOf(result: WorkflowRun, job: string, step: string): Record<string, string> {
  const log = result.jobs.find(({ id }) => id === job)?.steps.find(({ name }) => name === step)?.log;
  return JSON.parse(log ?? "{}");
}

const site = {
  site: { contents: "read", packages: "write" },
  verify: { contents: "read", packages: "read" },
};

describe("the pushed ref decides what is published", () => {
  test.each([
    ["a release of the site", pushTag("0.1.2"), site],
    ["a pre-release of the site", pushTag("0.2.0-rc.1"), site],
    ["a branch", pushBranch("main"), site],
    ["a branch with slashes", pushBranch("feature/Über x"), site],
    ["a branch that looks like a chart", pushBranch("chart-1.0.3"), site],
    ["a release of the chart", pushTag("chart-1.0.3"), { chart: { contents: "read", packages: "write" } }],
    ["a pull request", pullRequest(), { "dry-run": { contents: "read", packages: "read" } }],
    [
      "a pull request from a fork",
      pullRequest({ fork: true }),
      { "dry-run": { contents: "read", packages: "read" } },
    ],
  ])("%s", async (_name, event, jobs) => {
    const result = await run(event);
    expect(ran(result)).toEqual(jobs);
    expect(result.conclusion).toBe("success");
  });

  test.each(["v1.0.0", "v1", "release/1", "nightly", "0.1"])("the tag %s publishes nothing", async (tag) => {
    expect((await run(pushTag(tag))).triggered).toBe(false);
  });
});

describe("the site", () => {
  test("is published content first, and the shim refers to that digest", async () => {
    const result = await run(pushTag("0.1.2", { repository: "Octo-Org/Site" }));
    expect(inputsOf(result, "site", "Publish the content")).toMatchObject({
      INPUT_MANIFEST: "site/spin.toml",
      INPUT_REFERENCE: "ghcr.io/Octo-Org/Site/content",
      INPUT_TAG: "auto",
      INPUT_ALIASES: "auto",
      "INPUT_DRY-RUN": "false",
      INPUT_IMMUTABLE: "true",
    });
    expect(inputsOf(result, "site", "Publish the shim")).toMatchObject({
      INPUT_CONTENT: "spin-registry-push-reference",
      INPUT_IMAGE: "ghcr.io/Octo-Org/Site",
      INPUT_TAG: "auto",
    });
  });

  test("is run and fetched where a real Spin is available", async () => {
    const { jobs } = await run(pushBranch("main"), { SKIP_SPIN_UP: "" });
    const step = jobs
      .find(({ id }) => id === "verify")
      ?.steps.find(({ name }) => name === "Fetch the front page");
    expect(step?.log).toBe("verified spin-registry-push-reference\n");
  });

  test("is not run where the repository disables it", async () => {
    const { jobs } = await run(pushBranch("main"), { SKIP_SPIN_UP: "true" });
    const step = jobs
      .find(({ id }) => id === "verify")
      ?.steps.find(({ name }) => name === "Fetch the front page");
    expect(step?.outcome).toBe("skipped");
  });
});

test("the chart installs the image of the repository it is published from, in lower case", async () => {
  const result = await run(pushTag("chart-1.0.3", { repository: "Octo-Org/Site" }));
  expect(inputsOf(result, "chart", "Publish the chart")).toMatchObject({
    INPUT_CHART: "charts/bart",
    INPUT_REPOSITORY: "ghcr.io/Octo-Org/Site/charts",
    INPUT_VALUES: "image.repository=octo-org/site",
  });
});

test("a pull request writes nothing, and its shim is built for its content", async () => {
  const result = await run(pullRequest({ fork: true }));
  for (const step of ["Build the content", "Build the shim", "Build the chart"])
    expect(inputsOf(result, "dry-run", step)).toMatchObject({ "INPUT_DRY-RUN": "true" });
  expect(inputsOf(result, "dry-run", "Build the shim")).toMatchObject({
    INPUT_CONTENT: "spin-registry-push-layout",
  });
});

describe("releases wait for each other, and publishing jobs are not cancelled", () => {
  const concurrencyOf = async (event: WorkflowEvent, job: string) =>
    (await run(event)).jobs.find(({ id }) => id === job)?.concurrency;

  test.each([
    ["0.1.2", pushTag("0.1.2"), "site", "publish-releases"],
    ["main", pushBranch("main"), "site", "publish-refs/heads/main"],
    ["chart-1.0.3", pushTag("chart-1.0.3"), "chart", "publish-charts"],
  ])("%s", async (_name, event, job, group) => {
    expect(await concurrencyOf(event, job)).toEqual({ group, cancelInProgress: false, queue: "max" });
  });

  test("a pull request's older run is cancelled", async () => {
    expect(await concurrencyOf(pullRequest({ number: 7 }), "dry-run")).toEqual({
      group: "dry-run-refs/pull/7/merge",
      cancelInProgress: true,
      queue: "single",
    });
  });
});

test.each([
  ["v1.0.0", true],
  ["v1.0.0-rc.1", true],
  ["v1", false],
  ["0.1.2", false],
  ["chart-1.0.3", false],
])("the tag %s releases the actions: %s", async (tag, released) => {
  const result = await run(pushTag(tag), { SKIP_SPIN_UP: "true" }, "release");
  expect(result.triggered).toBe(released);
  expect(result.conclusion).toBe(released ? "success" : "skipped");
});

test("without credentials, a release skips the mirrors and says what to set", async () => {
  const { jobs } = await run(pushTag("v1.0.0"), { SKIP_SPIN_UP: "true" }, "release");
  const [steps] = jobs.map((job) => job.steps);
  expect(steps?.[0]?.annotations).toEqual([
    expect.objectContaining({ level: "notice", message: expect.stringContaining("MIRROR_APP_ID") }),
  ]);
  expect(steps?.slice(1).map(({ outcome }) => outcome)).toEqual(["skipped", "skipped", "skipped", "skipped"]);
});

test("with credentials, a release pushes every action to its repository", async () => {
  const folder = await mkdtemp(join(tmpdir(), "release-test-"));
  try {
    const workspace = join(folder, "checkout");
    await cp(checkout, workspace, { recursive: true });
    await cp(join(root, "scripts", "mirror.ts"), join(workspace, "scripts", "mirror.ts"));
    await cp(join(root, "LICENSE"), join(workspace, "LICENSE"));
    const git = (cwd: string, ...args: string[]) =>
      execFileSync("git", ["-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], {
        cwd,
        encoding: "utf8",
      });
    const actions = await readdir(join(workspace, "actions"));
    for (const action of actions) {
      await writeFile(join(workspace, "actions", action, "README.md"), `# ${action}\n`);
      git(folder, "init", "--quiet", "--bare", `octo-org/${action}`);
    }
    git(workspace, "init", "--quiet");
    git(workspace, "add", ".");
    git(workspace, "commit", "--quiet", "-m", "Everything");
    const asked: Array<Readonly<Record<string, string>>> = [];
    const result = await runWorkflow({
      file: join(workspace, ".github/workflows/release.yaml"),
      workspace,
      event: pushTag("v1.2.3"),
      serverUrl: `file://${folder}`,
      variables: { MIRROR_APP_ID: "1" },
      secrets: { MIRROR_APP_KEY: "key-of-the-app" },
      standIns: {
        "actions/create-github-app-token": async ({ inputs }) => {
          asked.push(inputs);
          return { log: "", outputs: { token: "token-of-the-app" } };
        },
      },
    });
    expect(result.conclusion).toBe("success");
    expect(asked).toMatchObject([{ owner: "octo-org", "permission-contents": "write" }]);
    expect(asked[0]?.repositories?.trim().split("\n").sort()).toEqual(actions);
    for (const action of actions) {
      const tags = git(join(folder, "octo-org", action), "tag")
        .trim()
        .split("\n");
      expect([action, tags]).toEqual([action, ["v1", "v1.2.3"]]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
