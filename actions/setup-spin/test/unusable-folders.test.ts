import { execFileSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, jest, test as plain } from "@jest/globals";
import { type ActionRun, type CacheService, startCacheService } from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { bindirFrom } from "../src/inputs.ts";
import { closeRunners, failureOf, type Pretence, type Runner, startRunner } from "./runner.ts";

jest.setTimeout(60_000);
const services: CacheService[] = [];
afterEach(async () => {
  await closeRunners();
  for (const service of services.splice(0)) await service.close();
});
const test = testNeeding("the sandbox's runner");

const exact = { version: "4.0.2" };
const says = (binary = "") => execFileSync(binary, ["--version"], { encoding: "utf8" });
const warnings = ({ annotations }: ActionRun) =>
  annotations.flatMap(({ level, message }) => (level === "warning" ? [message] : []));
const temp = (runner: Runner) => join(runner.toolCache, "..", "_temp");
const rawCodes = /\b(?:EACCES|EPERM|EROFS|ENOSPC|ENOENT|ENOTDIR|EEXIST)\b/;

const refusals = [
  ["EACCES", "the job's user may not write to it"],
  ["EROFS", "it is read-only"],
  ["ENOSPC", "its disk is full"],
] as const;

describe("a tool cache", () => {
  test("that is not set is replaced with RUNNER_TEMP, in one line of the log", async () => {
    const runner = await startRunner();
    const run = await runner.run(exact, { env: { RUNNER_TOOL_CACHE: "" } });
    const folder = join(temp(runner), "setup-spin", "4.0.2");
    expect(run).toMatchObject({
      exitCode: 0,
      outputs: {
        version: "4.0.2",
        "cache-hit": "false",
        source: "version: 4.0.2",
        path: join(folder, "spin"),
      },
      paths: [folder],
    });
    expect(run.log).toContain(
      `  tool cache not used (RUNNER_TOOL_CACHE is not set); installing in "${folder}" for this job\n`,
    );
    expect(says(run.outputs.path)).toContain("spin 4.0.2");
  });

  test("that is not set does not stand in the way of a range", async () => {
    const runner = await startRunner();
    const run = await runner.run({ version: "^3.4" }, { env: { RUNNER_TOOL_CACHE: "" } });
    expect(run.outputs).toMatchObject({ version: "3.6.3", source: "version: ^3.4, GitHub API" });
  });

  test("that is a file is replaced with RUNNER_TEMP", async () => {
    const runner = await startRunner();
    const file = join(runner.workspace, "file");
    await writeFile(file, "");
    const run = await runner.run(exact, { env: { RUNNER_TOOL_CACHE: file } });
    expect(run.exitCode).toBe(0);
    expect(run.log).toContain(
      `tool cache not used ("${join(file, "spin")}": it is not a folder); installing in`,
    );
    expect(run.log).not.toMatch(rawCodes);
  });

  test.each(refusals)("that answers %s is replaced with RUNNER_TEMP", async (code, because) => {
    const runner = await startRunner();
    const refused = { folders: [runner.toolCache], code };
    const run = await runner.run(exact, { pretend: { refused } });
    expect(run).toMatchObject({ exitCode: 0, outputs: { "cache-hit": "false" } });
    expect(warnings(run)).toEqual([]);
    expect(run.log).toContain(
      `tool cache not used ("${join(runner.toolCache, "spin")}": ${because}); installing in`,
    );
    expect(run.log).not.toMatch(rawCodes);
    expect(says(run.outputs.path)).toContain("spin 4.0.2");
  });

  test.each(refusals)("that answers %s is replaced with bindir, where that is set", async (code, because) => {
    const runner = await startRunner();
    const refused = { folders: [runner.toolCache, join(temp(runner), "setup-spin")], code };
    const run = await runner.run({ ...exact, bindir: "bin" }, { pretend: { refused } });
    const folder = join(runner.workspace, "bin");
    expect(run).toMatchObject({ exitCode: 0, paths: [folder], outputs: { path: join(folder, "spin") } });
    expect(run.log).toContain(`: ${because}); installing in "${folder}" for this job`);
    expect(await readdir(folder)).toEqual(["spin"]);
  });

  test("whose disk becomes full keeps nothing that is half-written", async () => {
    const runner = await startRunner();
    const refused = { folders: [runner.toolCache], code: "ENOSPC", calls: ["writeFile"] };
    const run = await runner.run(exact, { pretend: { refused } });
    expect(run.exitCode).toBe(0);
    expect(await readdir(join(runner.toolCache, "spin"))).toEqual([]);
    expect(says(run.outputs.path)).toContain("spin 4.0.2");
  });

  test.each(refusals)(
    "and a RUNNER_TEMP that answer %s are a failure that names both",
    async (code, because) => {
      const runner = await startRunner();
      const folders = [runner.toolCache, temp(runner)];
      const run = await runner.run(exact, { pretend: { refused: { folders, code } } });
      expect(failureOf(run)).toBe(
        `Cannot install Spin in the tool cache ("${join(runner.toolCache, "spin")}": ${because}) or in RUNNER_TEMP ("${join(temp(runner), "setup-spin", "4.0.2")}": ${because}). Set the input "bindir" to a folder that this job can write to.`,
      );
      expect(run.log).not.toMatch(rawCodes);
    },
  );
});

describe("bindir", () => {
  test.each(refusals)("that answers %s is a failure that says what to set", async (code, because) => {
    const runner = await startRunner();
    const folder = join(runner.workspace, "bin");
    const pretend: Pretence = { refused: { folders: [folder], code } };
    const run = await runner.run({ ...exact, bindir: "bin" }, { pretend });
    expect(failureOf(run)).toBe(
      `Cannot put Spin into "${folder}": ${because}. Set the input "bindir" to a folder that this job can write to.`,
    );
    expect(run.log).not.toMatch(rawCodes);
  });

  plain.each([
    ["~/bin", "/home/me", "/home/me/bin"],
    ["~", "/home/me", "/home/me"],
    ["~/.local/bin", "/", "/.local/bin"],
    ["~name/bin", undefined, "/srv/~name/bin"],
    ["bin", undefined, "/srv/bin"],
    ["/opt/bin", undefined, "/opt/bin"],
    ["", undefined, undefined],
  ])("%j with the home folder %j is %j", (input, home, folder) => {
    expect(bindirFrom(input, "/srv", home)).toBe(folder);
  });

  plain("below a home folder that does not exist is refused", () => {
    expect(() => bindirFrom("~/bin", "/srv", undefined)).toThrow(
      'Input "bindir" is "~/bin", but this job\'s user has no home folder. Set HOME, or give an absolute path.',
    );
  });
});

describe("the archive for the Actions cache", () => {
  test.each(refusals)("is not kept where RUNNER_TEMP answers %s", async (code, because) => {
    const runner = await startRunner();
    const service = await startCacheService();
    services.push(service);
    const folder = join(temp(runner), "setup-spin-archives");
    const pretend: Pretence = { refused: { folders: [folder], code } };
    const run = await runner.run(exact, { pretend, env: service.env });
    expect([run.exitCode, run.post?.exitCode]).toEqual([0, 0]);
    expect(warnings(run)).toEqual([`Spin was not saved to the Actions cache: "${folder}": ${because}`]);
    expect(service.entries.size).toBe(0);
    expect(await readdir(folder).catch(() => [])).toEqual([]);
  });
});
