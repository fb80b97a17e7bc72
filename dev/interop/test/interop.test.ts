import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { personas, startRegistry } from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { createChecks, requireEqual, summaryOf } from "../checks.ts";
import { find, textOf } from "../commands.ts";
import { parseReport, requirePassed, workflows } from "../conformance.ts";
import { isEnough } from "../go-programs.ts";
import { requireAgreement } from "../persona-agreement.ts";

describe("checks", () => {
  test("are counted in the last line, and a failure does not stop the others", async () => {
    const told: string[] = [];
    const checks = createChecks(false, (line) => told.push(line));
    await checks.check("shim", "is there", "crane 1", async () => "linux/amd64");
    await checks.check("shim", "is whole", "crane 1", async () => {
      requireEqual("the digest", "sha256:a", "sha256:b");
      return "";
    });
    checks.cannot("chart", "templates", "helm 3", "npm has it for x64 only");
    expect(told).toEqual([
      "  ✓ shim: is there (crane 1): linux/amd64",
      "  ✗ shim: is whole (crane 1): the digest is sha256:a, expected sha256:b",
      "  ✗ chart: templates (helm 3): npm has it for x64 only",
    ]);
    expect(summaryOf(checks.results).at(-1)).toBe("1 passed, 2 failed");
  });

  test("that cannot run here are skipped only where that is allowed", () => {
    const checks = createChecks(true, () => {});
    checks.cannot("chart", "templates", "helm 3", "npm has it for x64 only");
    expect(summaryOf(checks.results).at(-1)).toBe("0 passed, 0 failed, 1 skipped");
  });
});

describe("commands", () => {
  testNeeding("shebang scripts")("return what was printed", async () => {
    expect(await textOf("sh", ["-c", "echo $GREETING"], { env: { GREETING: "hello" } })).toBe("hello");
  });

  testNeeding("shebang scripts").each([
    ["fails", "echo because >&2; exit 3", "sh -c echo because >&2; exit 3 ended with exit code 3: because"],
    ["takes too long", "exec sleep 30", "sh -c exec sleep 30 took longer than 0.2 s"],
  ])("say why when one %s", async (_what, script, message) => {
    await expect(textOf("sh", ["-c", script], { timeoutSeconds: 0.2 })).rejects.toThrow(message);
  });

  test("say that a program does not exist", async () => {
    expect(await find("no-such-program")).toBeUndefined();
    await expect(textOf("no-such-program", [])).rejects.toThrow(
      "no-such-program cannot be started: spawn no-such-program ENOENT",
    );
  });
});

describe("the conformance suite's report", () => {
  const report = parseReport(`
apis:
  Ping: Pass
  Blob get: Pass
  Blob push: Pass
  Blob upload cancel: Disabled
  Manifest put by tag: FAIL
  Tag listing: Pass
  Blob delete: Skip
data:
  Image: Pass
`);

  test("counts what passed of a workflow", () => {
    expect(requirePassed(report.endpoints, workflows.pull)).toBe("2 passed");
    expect(requirePassed(report.content, /./)).toBe("1 passed");
  });

  test.each([
    ["a failure", workflows.push, "Blob upload cancel: Disabled, Manifest put by tag: FAIL"],
    ["a skipped endpoint", workflows["content management"], "Blob delete: Skip"],
    ["nothing at all", /^Referrers$/, "the suite did not test any of it"],
  ])("fails for %s", (_what, names, message) => {
    expect(() => requirePassed(report.endpoints, names)).toThrow(message);
  });

  test("may omit what the version does not have", () => {
    const names = /^Blob (push|upload cancel)$/;
    expect(requirePassed(report.endpoints, names, /cancel/)).toBe("1 passed, 1 not in this version");
  });

  test.each(["", "apis: {}", "- a"])("is not accepted as %j", (text) => {
    expect(() => parseReport(text)).toThrow("did not write a readable report");
  });

  test("assigns every endpoint to one workflow", () => {
    const endpoints = [...report.endpoints.keys()];
    const homes = endpoints.map(
      (name) => Object.values(workflows).filter((names) => names.test(name)).length,
    );
    expect(homes).toEqual(endpoints.map(() => 1));
  });
});

test.each([
  ["go1.19.8", false],
  ["go1.24", false],
  ["go1.25.0", true],
  ["go1.30", true],
  ["go2.1", true],
  ["devel +1234", false],
])("%s can compile the third-party programs: %s", (version, enough) => {
  expect(isEnough(version)).toBe(enough);
});

test("a persona agrees with a registry that behaves like it, and every difference is named", async () => {
  const root = await mkdtemp(join(tmpdir(), "interop-test-"));
  const registry = await startRegistry({ root, persona: personas.zot });
  try {
    expect(await requireAgreement(registry.origin, personas.zot)).toMatch(/^\d+ answers agree$/);
    await expect(requireAgreement(registry.origin, personas.ghcr)).rejects.toThrow(
      "blob in one POST: 201, persona 202; ",
    );
  } finally {
    await registry.close();
    await rm(root, { recursive: true, force: true });
  }
});
