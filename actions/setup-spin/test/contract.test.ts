import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { outputsOf } from "../src/report.ts";

const folder = join(import.meta.dirname, "..");
const action = parse(readFileSync(join(folder, "action.yml"), "utf8"));
const inputs = Object.keys(action.inputs).sort();
const reader = readFileSync(join(folder, "src", "inputs.ts"), "utf8");
const named = (call: RegExp) => [...new Set([...reader.matchAll(call)].map(([, name]) => name))].sort();

describe("action.yml", () => {
  test("declares the inputs that the code reads", () => {
    expect(named(/\b(?:text|flag|choice)\("([^"]+)"/g)).toEqual(inputs);
  });

  test("declares the outputs that the code sets", () => {
    const installed = {
      tool: {
        version: "4.0.2",
        target: { system: "linux", architecture: "amd64", static: false },
        folder: "",
        binary: "",
      },
      cacheHit: false,
      integrity: "",
      keep: undefined,
      source: "",
      plugins: [],
      dataFolder: undefined,
    } as const;
    expect([...outputsOf(installed)].map(([name]) => name).sort()).toEqual(
      Object.keys(action.outputs).sort(),
    );
  });

  test("has what the Marketplace requires", () => {
    expect(action).toMatchObject({
      name: expect.any(String),
      description: expect.any(String),
      branding: { icon: expect.any(String), color: expect.any(String) },
      runs: { using: "node24", main: "dist/index.js", post: "dist/post.js", "post-if": "success()" },
    });
  });
});

describe("the README", () => {
  const blocks = [...readFileSync(join(folder, "README.md"), "utf8").matchAll(/```yaml\n(.*?)```/gs)].map(
    ([, block = ""]) => parse(block),
  );
  const steps = blocks.flatMap((block): { uses?: string; with?: object }[] =>
    Array.isArray(block) ? block : block.steps,
  );
  const uses = steps.filter((step) => step.uses?.startsWith("OWNER/REPO/actions/setup-spin@"));

  test("shows inputs that exist", () => {
    expect(uses.length).toBeGreaterThan(4);
    for (const step of uses) expect(inputs).toEqual(expect.arrayContaining(Object.keys(step.with ?? {})));
  });

  test("pins third-party actions", () => {
    const others = steps.flatMap((step) =>
      step.uses === undefined || uses.includes(step) ? [] : [step.uses],
    );
    for (const other of others) expect(other).toMatch(/@[0-9a-f]{40}$/);
  });
});
