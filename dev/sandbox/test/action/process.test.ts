import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect } from "@jest/globals";
import { pullRequest, pushBranch, pushTag, runActionProcess } from "../../src/index.ts";
import { testNeeding } from "../../src/testing.ts";

const test = testNeeding("the sandbox's runner");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "action-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const declaration = {
  name: "demo",
  inputs: {
    "registry-password": { default: `\${{ github.token }}` },
    registry: { default: `ghcr.io/\${{ github.repository }}:\${{ 'it''s }}' }}` },
    "two words": { default: "2" },
    empty: { description: "no default" },
  },
  outputs: { result: { description: "the result" } },
  runs: { using: "node24", main: "dist/index.js" },
};

/** An action with these scripts, declared as above unless a test changes something. */
async function action(scripts: { main: string; post?: string }, overrides: object = {}): Promise<string> {
  const post = scripts.post === undefined ? {} : { post: "dist/post.js" };
  await mkdir(join(folder, "demo", "dist"), { recursive: true });
  const runs = { ...declaration.runs, ...post };
  await writeFile(join(folder, "demo", "action.yml"), JSON.stringify({ ...declaration, runs, ...overrides }));
  await writeFile(join(folder, "demo", "dist", "package.json"), '{"type":"module"}');
  const prelude = 'import { appendFileSync } from "node:fs";\nimport { EOL } from "node:os";\n';
  await writeFile(join(folder, "demo", "dist", "index.js"), prelude + scripts.main);
  if (scripts.post !== undefined)
    await writeFile(join(folder, "demo", "dist", "post.js"), prelude + scripts.post);
  return join(folder, "demo");
}

/** What an action sees: its environment, its folder, its arguments and the event document. */
async function seen(options: Partial<Parameters<typeof runActionProcess>[0]> = {}) {
  const main = `
    import { readFileSync, realpathSync } from "node:fs";
    const event = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH, "utf8"));
    const files = ["OUTPUT", "ENV", "STATE", "PATH", "STEP_SUMMARY"].map((name) => readFileSync(process.env["GITHUB_" + name], "utf8"));
    const { ["INPUT_REGISTRY-PASSWORD"]: password, ...env } = process.env;
    appendFileSync(process.env.GITHUB_OUTPUT, "result=" + JSON.stringify({ env, cwd: process.cwd(), args: process.argv.slice(2), version: process.version, event, files, passwordLength: password.length }) + EOL);`;
  const run = await runActionProcess({ action: await action({ main }), workspace: folder, ...options });
  expect(run.log).toBe("");
  return JSON.parse(run.outputs.result ?? "");
}

describe("an action's environment", () => {
  test("has every declared input, given or defaulted, with its expressions evaluated", async () => {
    const { env, passwordLength } = await seen({
      inputs: { "two words": "", empty: "given" },
      event: pushTag("0.1.2", { repository: "Octo/Site" }),
      token: "ghs_secret",
    });
    expect(env).toMatchObject({
      INPUT_REGISTRY: "ghcr.io/Octo/Site:it's }}",
      INPUT_TWO_WORDS: "",
      INPUT_EMPTY: "given",
    });
    expect(passwordLength).toBe("ghs_secret".length);
  });

  test("Node 24 in the workspace, no arguments, and fresh command files", async () => {
    const { cwd, args, version, files } = await seen();
    expect([cwd, args, files]).toEqual([folder, [], ["", "", "", "", ""]]);
    expect(version).toMatch(/^v24\./);
  });

  test("inherits nothing but PATH, without the folders of package managers", async () => {
    process.env.SANDBOX_TEST_LEAK = "leaked";
    try {
      const { env } = await seen({ temp: join(folder, "runner") });
      expect(env.SANDBOX_TEST_LEAK).toBeUndefined();
      expect(env.GITHUB_TOKEN).toBeUndefined();
      expect(env.NODE_OPTIONS).toBeUndefined();
      expect(env.PATH).not.toMatch(/node_modules/);
      expect(env.HOME).toBe(join(folder, "runner", "home"));
    } finally {
      delete process.env.SANDBOX_TEST_LEAK;
    }
  });

  test.each([
    [
      "a tag",
      pushTag("0.1.2"),
      {
        GITHUB_EVENT_NAME: "push",
        GITHUB_REF: "refs/tags/0.1.2",
        GITHUB_REF_NAME: "0.1.2",
        GITHUB_REF_TYPE: "tag",
      },
    ],
    [
      "a branch",
      pushBranch("feature/x"),
      {
        GITHUB_EVENT_NAME: "push",
        GITHUB_REF_NAME: "feature/x",
        GITHUB_REF_TYPE: "branch",
        GITHUB_HEAD_REF: "",
      },
    ],
    [
      "a pull request",
      pullRequest({ number: 12, headRef: "fix" }),
      {
        GITHUB_EVENT_NAME: "pull_request",
        GITHUB_REF: "refs/pull/12/merge",
        GITHUB_REF_NAME: "12/merge",
        GITHUB_REF_TYPE: "branch",
        GITHUB_HEAD_REF: "fix",
        GITHUB_BASE_REF: "main",
      },
    ],
  ])("the runner's description of %s", async (_name, event, variables) => {
    const { env, event: payload } = await seen({ event });
    expect(env).toMatchObject({ ...variables, GITHUB_SHA: event.sha, GITHUB_REPOSITORY: "octo-org/site" });
    expect(payload).toEqual(event.payload);
  });

  test("the mirrors, and whatever else a step sets", async () => {
    const { env } = await seen({ mirrors: "https://github.com=http://127.0.0.1:1", env: { DEMO: "1" } });
    expect(env).toMatchObject({ ORIGIN_MIRRORS: "https://github.com=http://127.0.0.1:1", DEMO: "1" });
  });
});

describe("an action's results", () => {
  test("outputs, variables, paths and a summary", async () => {
    const main = `
      const append = (name, text) => appendFileSync(process.env["GITHUB_" + name], text);
      append("OUTPUT", "result=first\\nresult<<EOF\\ntwo\\nlines=2\\nEOF\\n");
      append("ENV", "A=1\\n");
      append("PATH", "/one\\n/two\\n");
      append("STEP_SUMMARY", "# Done\\n");
      process.exitCode = 3;`;
    const run = await runActionProcess({ action: await action({ main }), workspace: folder });
    expect(run).toMatchObject({
      exitCode: 3,
      outputs: { result: "two\nlines=2" },
      env: { A: "1" },
      paths: ["/one", "/two"],
      summary: "# Done\n",
    });
  });

  test("a log as a user reads it, and annotations", async () => {
    const main = `
      console.log("::group::Build");
      console.log("::debug::detail");
      console.log("::endgroup::");
      console.log("::warning title=Old%2C very,file=a.ts,line=3::Two%0Alines 100%25");
      console.error("::error::It failed");
      console.log("::stop-commands::tok"); console.log("::error::no command"); console.log("::tok::");`;
    const run = await runActionProcess({ action: await action({ main }), workspace: folder });
    expect(run.annotations).toContainEqual({
      level: "warning",
      message: "Two\nlines 100%",
      title: "Old, very",
      file: "a.ts",
      line: 3,
    });
    expect(run.annotations).toContainEqual({ level: "error", message: "It failed" });
    expect(run.annotations).toHaveLength(2);
    expect(run.log).toContain("##[group]Build\n##[endgroup]\n");
    expect(run.log).toContain("::error::no command\n");
    expect(run.log).not.toContain("detail");
  });

  test("debug lines, where debugging is on", async () => {
    const main = 'console.log("::debug::detail " + process.env.RUNNER_DEBUG);';
    const run = await runActionProcess({
      action: await action({ main }),
      workspace: folder,
      machine: { debug: true },
    });
    expect(run.log).toBe("##[debug]detail 1\n");
  });

  test("state for its own post script, which runs with the same inputs", async () => {
    const run = await runActionProcess({
      action: await action({
        main: 'appendFileSync(process.env.GITHUB_STATE, "login=ghcr.io\\n");',
        post: 'console.log(process.env.STATE_login, process.env["INPUT_TWO_WORDS"]);',
      }),
      workspace: folder,
    });
    expect(run.post?.log).toBe("ghcr.io 2\n");
  });

  test("no post script where post-if is false", async () => {
    const path = await action(
      { main: "process.exitCode = 1;", post: "" },
      { runs: { ...declaration.runs, post: "dist/post.js", "post-if": "success()" } },
    );
    const run = await runActionProcess({ action: path, workspace: folder });
    expect(run.exitCode).toBe(1);
    expect(run.post).toBeUndefined();
  });
});

describe("what breaks a rule of the runner is an error", () => {
  const run = async (main: string, options: object = {}) =>
    runActionProcess({ action: await action({ main }), workspace: folder, token: "ghs_secret", ...options });

  test.each([
    ["a secret that was masked", 'console.log("::add-mask::hunter2"); console.log("password hunter2");'],
    ["the job's token", 'console.log("token " + process.env["INPUT_REGISTRY-PASSWORD"]);'],
    ["a secret in an annotation", 'console.log("::error::ghs_secret");'],
    ["a secret in a debug line", 'console.log("::debug::ghs_secret");'],
    ["a secret in the summary", 'appendFileSync(process.env.GITHUB_STEP_SUMMARY, "a\\nghs_secret\\n");'],
  ])("%s shown", async (_name, main) => {
    const shown = await run(main).catch((error: Error) => error.message);
    expect(shown).toMatch(/^A masked value was shown: /);
    expect(shown).not.toMatch(/ghs_secret|hunter2/);
  });

  test.each([
    [
      "an output that is not declared",
      'appendFileSync(process.env.GITHUB_OUTPUT, "other=1\\n");',
      /"other".*does not declare/,
    ],
    [
      "a value without its end",
      'appendFileSync(process.env.GITHUB_OUTPUT, "result<<EOF\\n1EOF");',
      /no line "EOF"/,
    ],
    [
      "a line that is not a variable",
      'appendFileSync(process.env.GITHUB_OUTPUT, "result\\n");',
      /not NAME=value/,
    ],
    [
      "NODE_OPTIONS for later steps",
      'appendFileSync(process.env.GITHUB_ENV, "NODE_OPTIONS=-r x\\n");',
      /NODE_OPTIONS/,
    ],
    ["a retired command", 'console.log("::set-output name=result::1");', /set-output/],
  ])("%s", async (_name, main, message) => {
    await expect(run(main)).rejects.toThrow(message);
  });

  test("an input that is not declared", async () => {
    await expect(run("", { inputs: { tagg: "1" } })).rejects.toThrow('demo has no input "tagg"');
  });

  test("a step that never ends, with everything it started", async () => {
    const main = `
      import { spawn } from "node:child_process";
      spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      setInterval(() => {}, 1000);`;
    await expect(run(main, { timeoutMilliseconds: 300 })).rejects.toThrow("did not end within 0.3 seconds");
  });
});
