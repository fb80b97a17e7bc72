import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "@jest/globals";
import {
  deleteRef,
  pushTag,
  runWorkflow,
  type WorkflowEvent,
  type WorkflowRun,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";

const test = testNeeding("the sandbox's runner");
const root = join(import.meta.dirname, "../..");

/** A GitHub of bare repositories: the one that is released, and a mirror of each action. */
let gitHub: string;
let workspace: string;
let actions: readonly string[];
const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], {
    cwd,
    encoding: "utf8",
    stdio: "pipe",
  }).trim();

beforeEach(async () => {
  gitHub = await mkdtemp(join(tmpdir(), "release-test-"));
  workspace = join(gitHub, "checkout");
  await cp(join(root, ".github/workflows"), join(workspace, ".github/workflows"), { recursive: true });
  for (const script of ["mirror.ts", "mirror-readme.ts", "move-tags.ts", "moving-tags.ts"])
    await cp(join(root, "scripts", script), join(workspace, "scripts", script));
  await cp(join(root, "LICENSE"), join(workspace, "LICENSE"));
  actions = await readdir(join(root, "actions"));
  for (const action of actions) {
    await mkdir(join(workspace, "actions", action, "dist"), { recursive: true });
    await cp(join(root, "actions", action, "action.yml"), join(workspace, "actions", action, "action.yml"));
    await writeFile(join(workspace, "actions", action, "README.md"), `# ${action}\n`);
    await writeFile(join(workspace, "actions", action, "dist", "index.js"), "");
    git(gitHub, "init", "--quiet", "--bare", `octo-org/${action}`);
  }
  git(gitHub, "init", "--quiet", "--bare", "octo-org/site");
  git(workspace, "init", "--quiet");
  git(workspace, "add", ".");
  git(workspace, "commit", "--quiet", "-m", "Everything");
});
afterEach(() => rm(gitHub, { recursive: true, force: true }));

const asked: Array<Readonly<Record<string, string>>> = [];
const release = (
  event: WorkflowEvent,
  variables: Readonly<Record<string, string>> = {},
): Promise<WorkflowRun> => {
  asked.length = 0;
  const { ref } = event;
  if (ref.startsWith("refs/tags/") && event.payload.deleted !== true) {
    git(workspace, "tag", "--force", ref.slice("refs/tags/".length));
    git(workspace, "push", "--quiet", "--force", join(gitHub, "octo-org/site"), "HEAD:refs/heads/main", ref);
  }
  return runWorkflow({
    file: join(workspace, ".github/workflows/release.yaml"),
    workspace,
    event,
    serverUrl: `file://${gitHub}`,
    variables,
    secrets: { MIRROR_APP_KEY: "key-of-the-app" },
    standIns: {
      "actions/create-github-app-token": async ({ inputs }) => {
        asked.push(inputs);
        return { log: "", outputs: { token: "token-of-the-app" } };
      },
    },
  });
};
const tagsOf = (repository: string) => git(join(gitHub, "octo-org", repository), "tag").split("\n");
const ran = ({ jobs }: WorkflowRun) => jobs.filter(({ result }) => result !== "skipped").map(({ id }) => id);

test.each([
  ["v1", false],
  ["0.1.2", false],
  ["chart-1.0.3", false],
])("the tag %s does not release the actions", async (tag, released) => {
  expect((await release(pushTag(tag))).triggered).toBe(released);
});

test("without an App, v1 follows in this repository, and no environment is created in a fork", async () => {
  const result = await release(pushTag("v1.2.3"));
  expect(ran(result)).toEqual(["tags"]);
  expect(result.jobs[0]?.permissions).toEqual({ contents: "write" });
  expect(tagsOf("site")).toEqual(["v1", "v1.2", "v1.2.3"]);
  for (const action of actions) expect([action, tagsOf(action)]).toEqual([action, [""]]);
});

test("a pre-release moves nothing", async () => {
  const result = await release(pushTag("v1.0.0-rc.1"));
  expect(result.conclusion).toBe("success");
  expect(tagsOf("site")).toEqual(["v1.0.0-rc.1"]);
});

test("a deleted tag releases nothing", async () => {
  expect(ran(await release(deleteRef("refs/tags/v1.0.0")))).toEqual([]);
});

test("with an App, v1 follows here, and every action goes into its repository", async () => {
  const result = await release(pushTag("v1.2.3"), { MIRROR_APP_CLIENT_ID: "Iv23" });
  expect(result.conclusion).toBe("success");
  expect(ran(result)).toEqual(["mirrors"]);
  expect(asked).toMatchObject([
    {
      "client-id": "Iv23",
      owner: "octo-org",
      "permission-contents": "write",
      "permission-workflows": "write",
    },
  ]);
  expect(asked[0]?.repositories?.trim().split("\n").sort()).toEqual([...actions, "site"].sort());
  expect(tagsOf("site")).toEqual(["v1", "v1.2", "v1.2.3"]);
  for (const action of actions) expect([action, tagsOf(action)]).toEqual([action, ["v1", "v1.2", "v1.2.3"]]);
});
