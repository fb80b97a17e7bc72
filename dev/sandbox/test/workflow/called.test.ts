// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the expressions of workflows look like that
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect } from "@jest/globals";
import {
  deleteRef,
  dispatch,
  mergeGroup,
  pullRequest,
  pushBranch,
  runWorkflow,
  type WorkflowOptions,
  type WorkflowRun,
} from "../../src/index.ts";
import { testNeeding } from "../../src/testing.ts";

const test = testNeeding("the sandbox's runner");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "called-workflow-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
  return join(folder, path);
}

/** Runs a caller, with the called workflows beside it. */
async function run(
  jobs: string,
  called: Readonly<Record<string, string>>,
  options: Partial<WorkflowOptions> = {},
  head = "on: push",
): Promise<WorkflowRun> {
  for (const [name, text] of Object.entries(called)) await write(`.github/workflows/${name}.yaml`, text);
  const file = await write(".github/workflows/caller.yaml", `name: caller\n${head}\njobs:\n${jobs}`);
  return runWorkflow({ file, event: pushBranch("main"), workspace: folder, ...options });
}

const results = ({ jobs }: WorkflowRun) => Object.fromEntries(jobs.map(({ id, result }) => [id, result]));
const logOf = ({ jobs }: WorkflowRun, id: string) =>
  jobs.find((job) => job.id === id)?.steps.map(({ log }) => log.trim());

const echo = `name: called
on:
  workflow_call:
    inputs:
      word: { type: string, required: true }
      loud: { type: boolean, default: false }
      times: { type: number, default: 3 }
    outputs:
      said: { value: "\${{ jobs.say.outputs.said }}" }
    secrets: { key: {} }
jobs:
  say:
    runs-on: ubuntu-latest
    outputs: { said: "\${{ steps.a.outputs.said }}" }
    steps:
      - id: a
        env: { WORD: "\${{ inputs.word }}", TIMES: "\${{ inputs.times }}", KEY: "\${{ secrets.key }}" }
        run: |
          echo "said=$WORD" >> "$GITHUB_OUTPUT"
          echo "$WORD $TIMES \${{ inputs.loud && 'loud' || 'quiet' }} key=\${#KEY}"
`;

describe("a called workflow", () => {
  test("gets inputs with their types and defaults, and its outputs are the calling job's", async () => {
    const result = await run(
      `  talk:
    uses: $/.github/workflows/echo.yaml
    with: { word: sea, loud: true }
    secrets: { key: "\${{ secrets.mine }}" }
  after:
    needs: talk
    runs-on: ubuntu-latest
    steps: [{ run: 'echo "heard \${{ needs.talk.outputs.said }}, \${{ needs.talk.result }}"' }]
`,
      { echo },
      { secrets: { mine: "12345" } },
    );
    expect(results(result)).toEqual({ "talk/say": "success", after: "success" });
    expect(logOf(result, "talk/say")).toEqual(["sea 3 loud key=5"]);
    expect(logOf(result, "after")).toEqual(["heard sea, success"]);
  });

  test("sees no secret that it was not handed, and all with `inherit`", async () => {
    const job = "  talk:\n    uses: ./.github/workflows/echo.yaml\n    with: { word: sea }\n";
    const secrets = { key: "12345" };
    expect(logOf(await run(job, { echo }, { secrets }), "talk/say")).toEqual(["sea 3 quiet key=0"]);
    const inherited = await run(`${job}    secrets: inherit\n`, { echo }, { secrets });
    expect(logOf(inherited, "talk/say")).toEqual(["sea 3 quiet key=5"]);
  });

  test("in another repository finds its own files by $/, and the caller's by ./", async () => {
    const other = await mkdtemp(join(tmpdir(), "other-repository-"));
    try {
      await mkdir(join(other, ".github/workflows"), { recursive: true });
      await mkdir(join(other, "hello/dist"), { recursive: true });
      await writeFile(
        join(other, "hello/action.yml"),
        "name: hello\nruns: { using: node24, main: dist/index.js }\n",
      );
      await writeFile(join(other, "hello/dist/index.js"), 'console.log("hello of the other repository");');
      await writeFile(
        join(other, ".github/workflows/shared.yaml"),
        `name: shared
on: workflow_call
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - uses: $/hello
      - run: cat mine.txt; echo "$GITHUB_REPOSITORY"
`,
      );
      await write("mine.txt", "the caller's\n");
      const result = await run(
        "  shared: { uses: other/repo/.github/workflows/shared.yaml@v1 }\n",
        {},
        { repositories: { "other/repo": other } },
      );
      expect(logOf(result, "shared/a")?.slice(1)).toEqual([
        "hello of the other repository",
        "the caller's\nocto-org/site",
      ]);
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  test.each([
    ["an input that it does not declare", "with: { word: a, volume: 3 }", 'has no input "volume"'],
    ["a required input that is missing", "with: { loud: true }", 'requires the input "word"'],
    ["a boolean that is a word", "with: { word: a, loud: much }", 'must be true or false, but it is "much"'],
  ])("is not run with %s", async (_name, given, message) => {
    const job = `  talk:\n    uses: $/.github/workflows/echo.yaml\n    ${given}\n`;
    await expect(run(job, { echo })).rejects.toThrow(message);
  });

  test("must declare workflow_call", async () => {
    const plain = "name: plain\non: push\njobs: { a: { runs-on: x, steps: [{ run: 'true' }] } }\n";
    await expect(run("  a: { uses: $/.github/workflows/plain.yaml }\n", { plain })).rejects.toThrow(
      "has no trigger workflow_call",
    );
  });
});

describe("permissions", () => {
  const called = (permissions: string) =>
    `name: called\non: workflow_call\njobs:\n  a:\n    runs-on: x\n${permissions}    steps: [{ run: 'true' }]\n`;
  const caller = (permissions: string) =>
    `  call:\n    permissions: ${permissions}\n    uses: $/.github/workflows/called.yaml\n`;
  const permissionsOf = (result: WorkflowRun) => result.jobs.map(({ permissions }) => permissions);

  test("a job that declares none has what its caller grants", async () => {
    const result = await run(caller("{ packages: write }"), { called: called("") });
    expect(permissionsOf(result)).toEqual([{ packages: "write" }]);
  });

  test("a job may declare less", async () => {
    const less = called("    permissions: { packages: read }\n");
    expect(permissionsOf(await run(caller("{ packages: write }"), { called: less }))).toEqual([
      { packages: "read" },
    ]);
  });

  test("a job that declares more stops the whole run, even where it would be skipped", async () => {
    const more = called("    permissions: { packages: write }\n    if: false\n");
    await expect(run(caller("{ packages: read }"), { called: more })).rejects.toThrow(
      'The run does not start: the job a of .github/workflows/called.yaml declares "packages: write"',
    );
  });

  test("a fork's token never writes, whoever grants it", async () => {
    const result = await run(
      caller("{ packages: write }"),
      { called: called("") },
      { event: pullRequest({ fork: true }) },
      "on: pull_request",
    );
    expect(permissionsOf(result)).toEqual([{ packages: "read" }]);
  });
});

describe("a matrix", () => {
  const job = (matrix: string, rest = "") => `  a:
    strategy: { matrix: ${matrix} }
    runs-on: \${{ matrix.runner || 'x' }}
${rest}    steps: [{ run: 'echo \${{ matrix.runner }}\${{ matrix.size }}' }]
`;

  test("runs each combination", async () => {
    const { jobs } = await run(job("{ runner: [u, m], size: [1, 2] }"), {});
    expect(jobs.map(({ id, runsOn }) => [id, runsOn])).toEqual([
      ["a (u, 1)", "u"],
      ["a (u, 2)", "u"],
      ["a (m, 1)", "m"],
      ["a (m, 2)", "m"],
    ]);
  });

  test("runs what is included", async () => {
    const result = await run(job("{ include: [{ runner: u }, { runner: m, size: 2 }] }"), {});
    expect(logOf(result, "a (m, 2)")).toEqual(["m2"]);
    expect(result.jobs).toHaveLength(2);
  });

  test("can be an expression", async () => {
    const result = await run(job(`"\${{ fromJSON('{\\"size\\":[4]}') }}"`), {});
    expect(logOf(result, "a (4)")).toEqual(["4"]);
  });

  test("that goes on in spite of an error is a success to the run", async () => {
    const failing = `  a:
    runs-on: x
    continue-on-error: true
    steps: [{ run: 'exit 1' }]
  b: { needs: a, runs-on: x, steps: [{ run: 'echo b' }] }
`;
    const result = await run(failing, {});
    expect(results(result)).toEqual({ a: "success", b: "success" });
    expect(result.conclusion).toBe("success");
  });
});

describe("events", () => {
  const job =
    "  a: { runs-on: x, steps: [{ run: 'echo \"${{ github.event_name }} ${{ inputs.word }} ${{ github.event.deleted }}\"' }] }\n";

  test("a dispatch brings typed inputs", async () => {
    const head = "on: { workflow_dispatch: { inputs: { word: { type: string, default: none } } } }";
    const event = dispatch("refs/heads/main", { word: "sea" });
    expect(logOf(await run(job, {}, { event }, head), "a")).toEqual(["workflow_dispatch sea"]);
    const typo = dispatch("refs/heads/main", { wrod: "sea" });
    await expect(run(job, {}, { event: typo }, head)).rejects.toThrow('has no input "wrod"');
  });

  test("a deleted branch is a push that says so", async () => {
    expect(logOf(await run(job, {}, { event: deleteRef("refs/heads/old") }), "a")).toEqual(["push  true"]);
  });

  test("a merge queue asks for checks", async () => {
    const result = await run(job, {}, { event: mergeGroup() }, "on: merge_group");
    expect(logOf(result, "a")).toEqual(["merge_group"]);
  });

  test("a pull request that is closed starts only what listens for that", async () => {
    const event = pullRequest({ action: "closed" });
    expect((await run(job, {}, { event }, "on: pull_request")).triggered).toBe(false);
    const head = "on: { pull_request: { types: [closed] } }";
    expect((await run(job, {}, { event }, head)).triggered).toBe(true);
  });
});
