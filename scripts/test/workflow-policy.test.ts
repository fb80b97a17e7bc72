import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { readActionDefinition, readWorkflow } from "@spin-publisher/sandbox";

const root = join(import.meta.dirname, "../..");
const folder = ".github/workflows";
const files = readdirSync(join(root, folder)).map((name) => join(folder, name));
const textOf = (file: string) => readFileSync(join(root, file), "utf8");
const stepsOf = async (file: string) =>
  (await readWorkflow(file, textOf(file))).jobs.flatMap((job) =>
    job.kind === "steps" ? job.steps.map((step) => ({ job, step })) : [],
  );

describe.each(files)("%s", (file) => {
  test("is valid for GitHub's own parser, and has a short name", async () => {
    expect((await readWorkflow(file, textOf(file))).name).toMatch(/^[a-z-]+$/);
  });

  test("pins third-party actions to a commit, with the version in a comment", () => {
    const lines = textOf(file)
      .split("\n")
      .filter((line) => /^\s*(?:- )?uses:/.test(line));
    const own = String.raw`\$\/(?:actions|\.github\/actions|\.github\/workflows)\/[a-z-]+(?:\.yaml)?$`;
    const pinned = String.raw`[\w-]+\/[\w-]+(?:\/action)?@[0-9a-f]{40} # v\d+\.\d+\.\d+$`;
    const unpinned = lines.filter((line) => !new RegExp(`uses: (?:${own}|${pinned})`).test(line));
    expect(unpinned).toEqual([]);
  });

  test("grants nothing by default, and each job what it needs, with the reason in a comment", async () => {
    const text = textOf(file);
    const workflow = await readWorkflow(file, text);
    const called = Object.keys(workflow.triggers).join() === "workflow_call";
    // What is only called has what its caller grants: a job that declared more would stop the caller's whole run.
    if (!called) expect(workflow.permissions).toEqual({});
    for (const { id, permissions } of workflow.jobs) {
      if (!called) expect([id, permissions === undefined]).toEqual([id, false]);
      for (const [scope, access] of Object.entries(permissions ?? {})) {
        expect(text).toMatch(new RegExp(`^ {6}${scope}: ${access} # \\w.+$`, "m"));
        if (called) expect([id, scope, access]).toEqual([id, scope, "read"]);
      }
    }
  });

  test("gives every job a time limit", async () => {
    const { jobs } = await readWorkflow(file, textOf(file));
    expect(jobs.filter((job) => job.kind === "steps" && !(Number(job.timeoutMinutes) <= 20))).toEqual([]);
  });

  test("has no trigger that runs foreign code with our permissions", async () => {
    const { triggers } = await readWorkflow(file, textOf(file));
    const harmless = [
      "push",
      "pull_request",
      "merge_group",
      "workflow_dispatch",
      "workflow_call",
      "schedule",
    ];
    expect(Object.keys(triggers).filter((name) => !harmless.includes(name))).toEqual([]);
  });

  test("has no expressions in scripts, names its shell, and keeps scripts short", async () => {
    const { shell } = await readWorkflow(file, textOf(file));
    for (const { job, step } of await stepsOf(file)) {
      if (step.kind !== "run") continue;
      expect(step.script).not.toContain("${{");
      expect(step.shell ?? job.shell ?? shell).toBe("bash");
      expect(step.script.trimEnd().split("\n").length).toBeLessThanOrEqual(10);
    }
  });

  test("leaves no credentials in a checkout", async () => {
    const checkouts = (await stepsOf(file)).filter(
      ({ step }) => step.kind === "uses" && step.uses.startsWith("actions/checkout@"),
    );
    for (const { step } of checkouts)
      expect(step).toMatchObject({ inputs: { "persist-credentials": "false" } });
  });

  test("gives our actions only inputs they declare, and all they require", async () => {
    for (const { step } of await stepsOf(file)) {
      if (step.kind !== "uses" || !step.uses.startsWith("$/")) continue;
      const { inputs } = await readActionDefinition(join(root, step.uses.slice(2)));
      const declared = inputs.map(({ name }) => name);
      const required = inputs.filter((input) => input.required).map(({ name }) => name);
      expect([step.uses, Object.keys(step.inputs).filter((name) => !declared.includes(name))]).toEqual([
        step.uses,
        [],
      ]);
      expect([step.uses, required.filter((name) => !Object.hasOwn(step.inputs, name))]).toEqual([
        step.uses,
        [],
      ]);
    }
  });

  test("gives workflows that it calls only inputs they declare", async () => {
    for (const job of (await readWorkflow(file, textOf(file))).jobs) {
      if (job.kind !== "call") continue;
      const called = await readWorkflow(job.uses, textOf(job.uses.slice(2)));
      const declared = Object.keys(called.inputs.call);
      expect([job.id, Object.keys(job.inputs).filter((name) => !declared.includes(name))]).toEqual([
        job.id,
        [],
      ]);
    }
  });

  test("names no particular repository", () => {
    expect(textOf(file)).not.toMatch(/ghcr\.io\/(?!\$\{\{ github\.repository \}\})/);
    expect(textOf(file)).not.toMatch(/github\.com\/[a-z]/);
  });
});

test("the same action has the same pin everywhere", () => {
  const pins = files.flatMap((file) => [...textOf(file).matchAll(/uses: ([\w-]+\/[\w-]+)@(\S+ # \S+)/g)]);
  const byAction = new Map<string, Set<string>>();
  for (const [, action = "", pin = ""] of pins)
    byAction.set(action, (byAction.get(action) ?? new Set()).add(pin));
  expect([...byAction].filter(([, versions]) => versions.size > 1)).toEqual([]);
});
