// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the expressions of workflows look like that
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect } from "@jest/globals";
import {
  createJobTokens,
  pullRequest,
  pushBranch,
  pushTag,
  runWorkflow,
  startRegistry,
  type WorkflowOptions,
  type WorkflowRun,
} from "../../src/index.ts";
import { testNeeding } from "../../src/testing.ts";

const test = testNeeding("the sandbox's runner");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "workflow-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
  return join(folder, path);
}

/** Runs a workflow of which only what a test is about is written down. */
async function run(
  jobs: string,
  options: Partial<WorkflowOptions> = {},
  head = "on: push",
): Promise<WorkflowRun> {
  const file = await write(".github/workflows/demo.yaml", `name: demo\n${head}\njobs:\n${jobs}`);
  return runWorkflow({ file, event: pushBranch("main"), workspace: folder, ...options });
}

const jobOf = (result: WorkflowRun, id: string) => {
  const job = result.jobs.find((candidate) => candidate.id === id);
  if (job === undefined) throw new Error(`no job ${id}`);
  return job;
};
const results = ({ jobs }: WorkflowRun) => Object.fromEntries(jobs.map(({ id, result }) => [id, result]));
const logs = (result: WorkflowRun, id = "a") => jobOf(result, id).steps.map(({ log }) => log);

const echoAction = `
name: echo
inputs:
  text: { required: true }
  fallback: { default: "\${{ github.ref_name }}" }
outputs:
  said: { description: text }
runs: { using: node24, main: dist/index.js, post: dist/post.js }
`;
const echoMain = `
import { appendFileSync } from "node:fs";
appendFileSync(process.env.GITHUB_OUTPUT, "said=" + process.env.INPUT_TEXT + "/" + process.env.INPUT_FALLBACK + "\\n");
appendFileSync(process.env.GITHUB_STATE, "kept=" + process.env.INPUT_TEXT + "\\n");
console.log("action", process.env.GITHUB_ACTION_PATH.split("/").at(-1), process.env.SERVICE);`;

/** @param service the variable of the runner that it prints. */
async function writeEchoAction(service = "SERVICE"): Promise<void> {
  await write("actions/echo/action.yml", echoAction);
  await write("actions/echo/dist/package.json", '{"type":"module"}');
  await write("actions/echo/dist/index.js", echoMain.replaceAll("SERVICE", service));
  await write("actions/echo/dist/post.js", 'console.log("post", process.env.STATE_kept);');
}

describe("jobs", () => {
  test("run after the jobs they need, with their outputs", async () => {
    const result = await run(`
  b:
    needs: a
    runs-on: ubuntu-latest
    steps:
    - run: echo "$GOT"
      env: { GOT: "\${{ needs.a.outputs.tag }} \${{ needs.a.result }}" }
  a:
    runs-on: ubuntu-latest
    outputs: { tag: "\${{ steps.name.outputs.tag }}" }
    steps:
    - id: name
      run: echo "tag=$GITHUB_REF_NAME" >> "$GITHUB_OUTPUT"
`);
    expect(logs(result, "b")).toEqual(["main success\n"]);
    expect(jobOf(result, "a").outputs).toEqual({ tag: "main" });
  });

  test("are skipped by their condition, and so are the jobs that need them", async () => {
    const result = await run(`
  a: { runs-on: x, if: "github.ref_type == 'tag'", steps: [{ run: "true" }] }
  b: { runs-on: x, needs: a, if: always(), steps: [{ run: "true" }] }
  c: { runs-on: x, needs: b, steps: [{ run: "true" }] }
  d: { runs-on: x, steps: [{ run: "false" }] }
  e: { runs-on: x, needs: d, steps: [{ run: "true" }] }
  f: { runs-on: x, needs: d, if: failure(), steps: [{ run: "true" }] }
`);
    expect(results(result)).toEqual({
      a: "skipped",
      b: "success",
      c: "skipped",
      d: "failure",
      e: "skipped",
      f: "success",
    });
    expect(result.conclusion).toBe("failure");
  });

  test("have their own workspace, which is empty until the checkout", async () => {
    await write("site/index.md", "hello");
    const result = await run(`
  a:
    runs-on: x
    steps:
    - run: ls
    - uses: actions/checkout@0000000000000000000000000000000000000000 # v7
    - run: cat site/index.md; echo changed > site/index.md
  b:
    runs-on: x
    needs: a
    steps:
    - uses: actions/checkout@v7
    - run: cat site/index.md
`);
    expect(logs(result, "a")[0]).toBe("");
    expect(logs(result, "a")[2]).toBe("hello\n");
    expect(logs(result, "b")[1]).toBe("hello\n");
  });

  test("are stopped at their time limit", async () => {
    const slow = run("  a: { runs-on: x, timeout-minutes: 0.005, steps: [{ run: sleep 20 }] }\n");
    await expect(slow).rejects.toThrow("did not end within");
  });
});

describe("steps", () => {
  test("pass on variables, paths and outputs", async () => {
    const result = await run(`
  a:
    runs-on: x
    steps:
    - run: |
        mkdir bin; printf '#!/bin/sh\\necho tool "$@"\\n' > bin/tool; chmod +x bin/tool
        echo "$PWD/bin" >> "$GITHUB_PATH"
        echo "GREETING=hello" >> "$GITHUB_ENV"
    - id: said
      run: tool "$GREETING"; echo "x=1" >> "$GITHUB_OUTPUT"
    - run: echo "$X $LATER"
      env: { X: "\${{ steps.said.outputs.x }}", LATER: "\${{ env.GREETING }}" }
`);
    expect(logs(result).slice(1)).toEqual(["tool hello\n", "1 hello\n"]);
  });

  test("are skipped after a failure, except for those that ask for it", async () => {
    const result = await run(`
  a:
    runs-on: x
    steps:
    - run: exit 1
      continue-on-error: true
      id: tolerated
    - run: echo "\${{ steps.tolerated.outcome }} \${{ steps.tolerated.conclusion }}"
    - run: exit 3
    - run: echo no
    - if: failure()
      run: echo failed
    - if: always()
      run: echo always
`);
    const { steps, result: outcome } = jobOf(result, "a");
    expect(steps.map((step) => step.outcome)).toEqual([
      "failure",
      "success",
      "failure",
      "skipped",
      "success",
      "success",
    ]);
    expect(steps[1]?.log).toBe("failure success\n");
    expect(outcome).toBe("failure");
  });

  test("run in the named shell with pipefail, and in the default shell without it", async () => {
    const step = (shell: string) => `{ runs-on: x, steps: [{ run: "false | cat; echo on"${shell} }] }`;
    const result = await run(
      `  named: ${step(", shell: bash")}\n  unnamed: ${step("")}\n  sh: ${step(", shell: sh")}\n  own: { runs-on: x, defaults: { run: { shell: bash } }, steps: [{ run: "false | cat; echo on" }] }\n`,
    );
    expect(results(result)).toEqual({ named: "failure", unnamed: "success", sh: "success", own: "failure" });
  });

  test("see what the runner sets, and cannot overwrite it", async () => {
    const result = await run(
      `
  a:
    runs-on: x
    env: { GITHUB_REF: mine, OWN: job }
    steps:
    - run: echo "RUNNER_OS=mine" >> "$GITHUB_ENV"
    - run: echo "$GITHUB_REF $RUNNER_OS $OWN $TOP $ORIGIN_MIRRORS $https_proxy \${GITHUB_TOKEN:-no token} \${SERVICE:-no service}"
      env: { OWN: step }
`,
      {
        mirrors: "https://a.example=http://b.example",
        runnerVariables: { https_proxy: "http://proxy.example" },
        serviceVariables: { SERVICE: "s" },
        machine: { os: "Linux" },
      },
      'on: push\nenv: { TOP: "${{ github.sha == github.event.after }}" }',
    );
    expect(logs(result)[1]).toBe(
      "refs/heads/main Linux step true https://a.example=http://b.example http://proxy.example no token no service\n",
    );
  });
});

test("a job is told where to get an ID token only if it may have one", async () => {
  await writeEchoAction("ACTIONS_ID_TOKEN_REQUEST_URL");
  const job = (permissions: string) => `
    runs-on: x
    permissions: ${permissions}
    steps:
    - uses: $/actions/echo
      with: { text: one, fallback: "" }
`;
  const result = await run(`\n  a:${job("{ id-token: write }")}\n  b:${job("{ contents: read }")}`, {
    serviceVariables: { ACTIONS_ID_TOKEN_REQUEST_URL: "http://token.example" },
  });
  expect(["a", "b"].map((id) => jobOf(result, id).steps[0]?.log)).toEqual([
    "action echo http://token.example\n",
    "action echo undefined\n",
  ]);
});

test("a cancelled run stops what is running and starts nothing more", async () => {
  const controller = new AbortController();
  const cancelled = run(
    `
  a:
    runs-on: x
    steps:
    - run: echo one
    - run: |
        trap 'touch ${folder}/interrupted; exit 1' INT
        touch ${folder}/started; while true; do sleep 0.05; done
      shell: bash
    - if: always()
      run: touch ${folder}/never
`,
    { signal: controller.signal },
  );
  while (!existsSync(join(folder, "started"))) await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort(new Error("cancelled by hand"));
  await expect(cancelled).rejects.toThrow("cancelled by hand");
  expect([existsSync(join(folder, "interrupted")), existsSync(join(folder, "never"))]).toEqual([true, false]);
});

describe("actions", () => {
  test("of this repository run from their dist, and their post scripts at the end", async () => {
    await writeEchoAction();
    const result = await run(
      `
  a:
    runs-on: x
    steps:
    - uses: actions/checkout@v7
    - uses: ./actions/echo
      id: one
      with: { text: one }
    - uses: $/actions/echo
      with: { text: "\${{ steps.one.outputs.said }}", fallback: "" }
    - run: echo end
`,
      { serviceVariables: { SERVICE: "service" } },
    );
    expect(logs(result).slice(1)).toEqual([
      "action echo service\n",
      "action echo service\n",
      "end\n",
      "post one/main\n",
      "post one\n",
    ]);
    expect(jobOf(result, "a").steps.map(({ name }) => name)).toEqual([
      "Run actions/checkout@v7",
      "Run ./actions/echo",
      "Run $/actions/echo",
      "Run echo end",
      "Post Run $/actions/echo",
      "Post Run ./actions/echo",
    ]);
  });

  test("need a checkout when they are referred to by path", async () => {
    await writeEchoAction();
    await expect(
      run("  a: { runs-on: x, steps: [{ uses: ./actions/echo, with: { text: x } }] }\n"),
    ).rejects.toThrow("ENOENT");
  });

  test("by third parties need a stand-in", async () => {
    const job =
      "  a: { runs-on: x, steps: [{ uses: octo/deploy/sub@v1, with: { to: sea }, id: d }, { run: 'echo ${{ steps.d.outputs.done }}' }] }\n";
    await expect(run(job)).rejects.toThrow('no stand-in for the action "octo/deploy/sub@v1"');
    const standIn = async ({ inputs }: { inputs: Readonly<Record<string, string>> }) => ({
      log: "",
      outputs: { done: `to ${inputs.to}` },
    });
    expect(logs(await run(job, { standIns: { "octo/deploy": standIn } }))[1]).toBe("to sea\n");
  });

  test("receive only the inputs that they declare", async () => {
    await writeEchoAction();
    const job = "  a: { runs-on: x, steps: [{ uses: $/actions/echo, with: { txt: x } }] }\n";
    await expect(run(job)).rejects.toThrow('no input "txt"');
  });
});

describe("what is unsupported or invalid is an error", () => {
  test.each([
    ["an unknown key", "  a: { runs-on: x, step: [] }\n", "is not a workflow"],
    [
      "a cycle",
      "  a: { runs-on: x, needs: b, steps: [{ run: x }] }\n  b: { runs-on: x, needs: a, steps: [{ run: x }] }\n",
      "is not a workflow",
    ],
    [
      "a matrix that excludes",
      "  a: { runs-on: x, strategy: { matrix: { x: [1], exclude: [{ x: 1 }] } }, steps: [{ run: x }] }\n",
      '"exclude"',
    ],
    ["a container", "  a: { runs-on: x, container: debian, steps: [{ run: x }] }\n", '"container"'],
    ["an unknown shell", "  a: { runs-on: x, steps: [{ run: x, shell: pwsh }] }\n", 'no shell "pwsh"'],
    [
      "an output that is a secret",
      "  a: { runs-on: x, outputs: { t: '${{ github.token }}' }, steps: [{ run: 'true' }] }\n",
      "holds a secret",
    ],
    [
      "a secret in the log",
      "  a: { runs-on: x, steps: [{ run: 'echo $T', env: { T: '${{ secrets.KEY }}' } }] }\n",
      "A masked value was shown",
    ],
  ])("%s", async (_name, jobs, message) => {
    await expect(run(jobs, { secrets: { KEY: "hunter2" } })).rejects.toThrow(message);
  });
});

describe("permissions", () => {
  const jobs = `
  writer: { runs-on: x, permissions: { contents: read, packages: write, id-token: write }, steps: [{ run: "true" }] }
  reader: { runs-on: x, steps: [{ run: "true" }] }
`;
  const head = "on: [push, pull_request]\npermissions: { contents: read }";
  const permissionsOf = (result: WorkflowRun) =>
    Object.fromEntries(result.jobs.map(({ id, permissions }) => [id, permissions]));

  test("are the job's own, or the workflow's", async () => {
    expect(permissionsOf(await run(jobs, {}, head))).toEqual({
      writer: { contents: "read", packages: "write", "id-token": "write" },
      reader: { contents: "read" },
    });
  });

  test("never write for a pull request from a fork, which gets no secrets either", async () => {
    const event = pullRequest({ fork: true });
    expect(permissionsOf(await run(jobs, { event }, head)).writer).toEqual({
      contents: "read",
      packages: "read",
    });
    expect(permissionsOf(await run(jobs, { event: pullRequest() }, head)).writer).toMatchObject({
      packages: "write",
    });
    const job = "  a: { runs-on: x, steps: [{ run: 'echo ${#KEY}', env: { KEY: '${{ secrets.KEY }}' } }] }\n";
    expect(logs(await run(job, { event, secrets: { KEY: "hunter2" } }, head))).toEqual(["0\n"]);
  });

  test("decide what the registry lets a job's token do", async () => {
    const tokens = createJobTokens();
    const registry = await startRegistry({ authentication: tokens.authentication });
    await write(
      "ask.mjs",
      `const [action, repository] = process.argv.slice(2);
       const authorization = "Basic " + Buffer.from("x:" + process.env.TOKEN).toString("base64");
       const scope = "repository:" + repository + ":" + action;
       const granted = await fetch("${registry.origin}/token?service=sandbox&scope=" + scope, { headers: { authorization } });
       const headers = { authorization: "Bearer " + (await granted.json()).token };
       const base = "${registry.origin}/v2/" + repository;
       const answer = action === "pull" ? await fetch(base + "/tags/list", { headers })
         : await fetch(base + "/blobs/uploads/", { method: "POST", headers });
       console.log(answer.status);`,
    );
    const step = (action: string, repository: string) =>
      `{ run: '"$NODE" ask.mjs ${action} ${repository}', env: { NODE: "${process.execPath}", TOKEN: "\${{ github.token }}" } }`;
    const steps = (...list: string[]) => `[{ uses: actions/checkout@v7 }, ${list.join(", ")}]`;
    const all = steps(
      step("pull,push", "octo-org/site"),
      step("pull", "octo-org/site"),
      step("pull,push", "other/site"),
      step("pull", "other/site"),
    );
    const result = await run(
      `
  writer: { runs-on: x, permissions: { packages: write }, steps: ${all} }
  reader: { runs-on: x, permissions: { packages: read }, steps: ${all} }
  none: { runs-on: x, permissions: {}, steps: ${all} }
`,
      { issueToken: tokens.issue, event: pushTag("0.1.2", { repository: "Octo-Org/site" }) },
    );
    await registry.close();
    expect(logs(result, "writer").slice(1)).toEqual(["202\n", "404\n", "401\n", "404\n"]);
    expect(logs(result, "reader").slice(1)).toEqual(["401\n", "404\n", "401\n", "404\n"]);
    expect(logs(result, "none").slice(1)).toEqual(["401\n", "401\n", "401\n", "404\n"]);
  });
});

test("concurrency is evaluated and recorded", async () => {
  const result = await run(
    "  a: { runs-on: x, concurrency: { group: 'j-${{ github.ref_type }}', queue: max }, steps: [{ run: 'true' }] }\n",
    {},
    "on: push\nconcurrency: { group: 'w-${{ github.ref }}', cancel-in-progress: \"${{ github.event_name == 'push' }}\" }",
  );
  expect(result.concurrency).toEqual({ group: "w-refs/heads/main", cancelInProgress: true, queue: "single" });
  expect(jobOf(result, "a").concurrency).toEqual({
    group: "j-branch",
    cancelInProgress: false,
    queue: "max",
  });
});

test("an event that does not trigger the workflow runs nothing", async () => {
  const result = await run(
    "  a: { runs-on: x, steps: [{ run: 'true' }] }\n",
    { event: pushTag("v1.0.0") },
    "on: { push: { branches: ['**'] } }",
  );
  expect(result).toEqual({ triggered: false, conclusion: "skipped", concurrency: undefined, jobs: [] });
});
