import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, jest } from "@jest/globals";
import type { UpstreamOptions } from "@spin-publisher/sandbox";
import { describeNeeding, testNeeding } from "@spin-publisher/sandbox/testing";
import { closeRunners, type Runner, startRunner } from "./runner.ts";

jest.setTimeout(90_000);
afterEach(closeRunners);
const test = testNeeding("the sandbox's runner");

const exact = { version: "4.0.2" };
const saying = (version: string) => `#!/bin/sh\necho 'spin ${version} (0a1b2c3 2026-06-23)'\n`;
const says = (binary = "") => execFileSync(binary, ["--version"], { encoding: "utf8" });

/** Puts something in the place of Spin 4.0.2 in the tool cache, marked as complete. */
async function leave(runner: Runner, content: string | Uint8Array, mode = 0o755): Promise<string> {
  const cpu = process.arch === "arm64" ? "arm64" : "x64";
  const folder = join(runner.toolCache, "spin", "4.0.2", cpu);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "spin"), content);
  await chmod(join(folder, "spin"), mode);
  await writeFile(`${folder}.complete`, "");
  return join(folder, "spin");
}

describeNeeding("the sandbox's runner")("what is in the tool cache", () => {
  test.each<[string, string | Uint8Array, number, string]>([
    ["random bytes", Uint8Array.from({ length: 4096 }, (_, at) => (at * 89 + 7) % 256), 0o755, "it "],
    ["another version", saying("4.0.1"), 0o755, 'it says that it is "spin 4.0.1 (0a1b2c3 2026-06-23)"'],
    ["another program", "#!/bin/sh\necho hello\n", 0o755, 'it says that it is "hello"'],
    ["a binary that may not be executed", saying("4.0.2"), 0o644, "it may not be executed"],
    ["a program that fails", "#!/bin/sh\nexit 3\n", 0o755, "it ended with exit code 3"],
    ["a program that crashes", "#!/bin/sh\nkill -SEGV $$\n", 0o755, "it ended with SIGSEGV"],
    [
      "a program without its loader",
      "#!/no/such/loader\n",
      0o755,
      "it, or the loader that it names, does not exist",
    ],
    ["nothing", "", 0o755, "it is empty"],
  ])("is replaced where it is %s", async (_name, content, mode, because) => {
    const runner = await startRunner();
    const binary = await leave(runner, content, mode);
    const run = await runner.run(exact);
    expect(run).toMatchObject({
      exitCode: 0,
      outputs: { version: "4.0.2", "cache-hit": "false", source: "version: 4.0.2", path: binary },
    });
    expect(run.annotations.filter(({ level }) => level === "warning")).toEqual([
      {
        level: "warning",
        message: expect.stringContaining(`"${binary}" in the tool cache is not usable: ${because}`),
      },
    ]);
    expect(run.summary).toContain("SHA-256 matches");
    expect(says(binary)).toContain("spin 4.0.2");
    expect(await readdir(join(runner.toolCache, "spin"))).toEqual(["4.0.2"]);

    const again = await runner.run(exact);
    expect(again.outputs["cache-hit"]).toBe("true");
    expect(again.annotations).toEqual([]);
  });

  test("is replaced where a folder has the binary's name", async () => {
    const runner = await startRunner();
    const binary = await leave(runner, "");
    await rm(binary);
    await mkdir(join(binary, "folder"), { recursive: true });
    const run = await runner.run(exact);
    expect(run.outputs["cache-hit"]).toBe("false");
    expect(says(binary)).toContain("spin 4.0.2");
    expect(await readdir(dirname(binary))).toEqual(["spin"]);
  });

  test("does not decide which version satisfies a range where it is not usable", async () => {
    const runner = await startRunner();
    const { outputs } = await runner.run({ version: "3.4.1" });
    await writeFile(outputs.path ?? "", "garbage");
    const run = await runner.run({ version: "^3.4" });
    expect(run.outputs).toMatchObject({
      version: "3.6.3",
      "cache-hit": "false",
      source: "version: ^3.4, GitHub API",
    });
  });

  test("comes into bindir only after it has been started", async () => {
    const runner = await startRunner();
    await leave(runner, saying("4.0.1"));
    const run = await runner.run({ ...exact, bindir: "bin" });
    expect(run.outputs["cache-hit"]).toBe("false");
    expect(says(join(runner.workspace, "bin", "spin"))).toContain("spin 4.0.2");
  });

  test("is fetched again for another architecture where it may not be executed", async () => {
    const runner = await startRunner();
    const foreign = { version: "4.0.2", arch: process.arch === "arm64" ? "amd64" : "arm64" };
    const { outputs } = await runner.run(foreign);
    await chmod(outputs.path ?? "", 0o644);
    expect((await runner.run(foreign)).outputs["cache-hit"]).toBe("false");
    expect((await stat(outputs.path ?? "")).mode & 0o777).toBe(0o755);
  });
});

describe("a tool cache that several runners share", () => {
  /** Large enough that it is not written in one go. */
  const large = Buffer.concat([Buffer.from(`${saying("4.0.2")}exit 0\n`), Buffer.alloc(6 << 20, "#\n")]);
  const spin: UpstreamOptions = { spin: async () => large };

  test("never shows half a binary, whoever installs at the same time", async () => {
    const runner = await startRunner(spin);
    const garbage = "garbage";
    const binary = await leave(runner, garbage);
    let watching = true;
    const seen = new Set<number>();
    const watch = async () => {
      while (watching) {
        seen.add((await readFile(binary)).length);
        await new Promise((soon) => setTimeout(soon, 2));
      }
    };
    const watched = watch();
    const runs = await Promise.all(
      [1, 2, 3, 4, 5].map((number) =>
        runner.run(exact, { machine: { temp: join(dirname(runner.toolCache), `_temp${number}`) } }),
      ),
    );
    watching = false;
    await watched;
    for (const run of runs) expect(run).toMatchObject({ exitCode: 0, outputs: { path: binary } });
    expect([...seen].sort()).toEqual([large.length, garbage.length].sort());
    expect(says(binary)).toContain("spin 4.0.2");
    expect(await readdir(join(runner.toolCache, "spin"))).toEqual(["4.0.2"]);
    expect((await runner.run(exact)).outputs["cache-hit"]).toBe("true");
  });

  test("keeps the binary that another job has put there in the meantime", async () => {
    let other: string | undefined;
    let place = async () => {};
    const runner = await startRunner({
      answer: async (_request, usual) => {
        await place();
        return usual;
      },
    });
    place = async () => {
      other ??= await leave(runner, `${saying("4.0.2")}# of another job\n`);
    };
    const run = await runner.run(exact);
    expect(run.outputs).toMatchObject({ path: other, "cache-hit": "false" });
    expect(await readFile(other ?? "", "utf8")).toContain("of another job");
  });

  test("leaves a process running whose binary it replaces", async () => {
    const runner = await startRunner();
    // sh reads its script as it goes: it would run what was written over it.
    const running = `#!/bin/sh\n[ "$1" = up ] || exit 3\necho started\nread line\necho finished\nexit 0\n`;
    const binary = await leave(runner, running);
    const process = spawn(binary, ["up"], { stdio: ["pipe", "pipe", "inherit"] });
    let said = "";
    process.stdout.on("data", (data) => {
      said += String(data);
    });
    await new Promise((started) => process.stdout.once("data", started));
    expect((await runner.run(exact)).outputs["cache-hit"]).toBe("false");
    const ended = new Promise((end) => process.once("close", end));
    process.stdin.end("go on\n");
    expect([await ended, said]).toEqual([0, "started\nfinished\n"]);
    expect(says(binary)).toContain("spin 4.0.2");
  });

  test("is cleared of what killed jobs left a day ago, and of nothing that is younger", async () => {
    const runner = await startRunner();
    const parent = join(runner.toolCache, "spin");
    for (const name of [".setup-spin-old", ".setup-spin-new"]) {
      await mkdir(join(parent, name), { recursive: true });
      await writeFile(join(parent, name, "spin"), "half");
    }
    const dayBeforeYesterday = new Date(Date.now() - 2 * 86_400_000);
    await utimes(join(parent, ".setup-spin-old"), dayBeforeYesterday, dayBeforeYesterday);
    await runner.run(exact);
    expect((await readdir(parent)).sort()).toEqual([".setup-spin-new", "4.0.2"]);
  });
});
