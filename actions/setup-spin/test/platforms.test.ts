import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, jest } from "@jest/globals";
import type { Answer, UpstreamOptions } from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import type { Target } from "@spin-publisher/spin-release";
import { zipSync } from "fflate";
import {
  describeTarget,
  parseArchitecture,
  type Runner,
  startsOn,
  targetsFor,
} from "../src/tool/platform.ts";
import { closeRunners, failureOf, type Pretence, startRunner } from "./runner.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000);
afterEach(closeRunners);

const linux: Runner = { system: "linux", architecture: "amd64", glibc: "2.39" };

describe("what can be installed", () => {
  const names = (asked: string, runner: Runner) => targetsFor(asked, runner).map(describeTarget);

  test.each<[string, Runner, readonly string[]]>([
    ["", linux, ["linux/amd64", "linux/amd64, static"]],
    ["", { ...linux, glibc: "2.35" }, ["linux/amd64", "linux/amd64, static"]],
    ["", { ...linux, glibc: "3.0" }, ["linux/amd64", "linux/amd64, static"]],
    ["", { ...linux, glibc: "2.34" }, ["linux/amd64, static", "linux/amd64"]],
    ["", { ...linux, glibc: "2.5" }, ["linux/amd64, static", "linux/amd64"]],
    ["", { ...linux, glibc: undefined }, ["linux/amd64, static", "linux/amd64"]],
    ["aarch64", linux, ["linux/arm64", "linux/arm64, static"]],
    ["", { ...linux, architecture: "arm64" }, ["linux/arm64", "linux/arm64, static"]],
    ["", { ...linux, system: "macos" }, ["macos/amd64"]],
    ["arm64", { ...linux, system: "macos" }, ["macos/arm64"]],
    ["", { ...linux, system: "windows" }, ["windows/amd64"]],
    ["", { ...linux, system: "windows", architecture: "arm64" }, ["windows/arm64", "windows/amd64"]],
    ["arm64", { ...linux, system: "windows", architecture: "arm64" }, ["windows/arm64"]],
  ])("for %j on %j is %j", (asked, runner, expected) => {
    expect(names(asked, runner)).toEqual(expected);
  });

  test.each(["amd64", "x64", "X64", "x86_64", "x86-64", "AMD64"])("%s is amd64", (name) => {
    expect(parseArchitecture(name)).toBe("amd64");
  });

  test.each(["arm64", "ARM64", "aarch64", "AArch64"])("%s is arm64", (name) => {
    expect(parseArchitecture(name)).toBe("arm64");
  });

  test.each(["arm", "riscv64", "i686", "amd64 ", "constructor", "__proto__"])("%j is refused", (name) => {
    expect(() => parseArchitecture(name)).toThrow("Spin is released for amd64 and arm64");
  });
});

describe("what starts on this machine", () => {
  const target = (system: Target["system"], architecture: Target["architecture"]): Target => ({
    system,
    architecture,
    static: false,
  });

  test.each([
    [target("linux", "amd64"), "linux", "x64", true],
    [target("linux", "arm64"), "linux", "x64", false],
    [target("linux", "amd64"), "darwin", "x64", false],
    [target("macos", "arm64"), "darwin", "arm64", true],
    [target("macos", "amd64"), "darwin", "arm64", false],
    [target("windows", "amd64"), "win32", "arm64", true],
    [target("windows", "arm64"), "win32", "x64", false],
  ])("%j on %s/%s: %s", (built, platform, architecture, starts) => {
    expect(startsOn(built, platform, architecture)).toBe(starts);
  });
});

/** The release with an archive for Windows, which the stand-in GitHub lacks. */
function withWindows(tag: string): UpstreamOptions {
  const name = `spin-${tag}-windows-amd64.zip`;
  const zip = zipSync({
    "spin.exe": Buffer.from(`#!/bin/sh\necho 'spin ${tag.slice(1)} (0a1b2c3 2026-06-23)'\n`),
  });
  const line = `${createHash("sha256").update(zip).digest("hex")}  ${name}\n`;
  return {
    answer: ({ path, host }, usual): Answer => {
      if (path.endsWith(`/${name}`)) return { status: 200, body: zip };
      const isChecksums =
        host.startsWith("release-assets") && usual.headers?.["content-type"] === "text/plain";
      return isChecksums ? { ...usual, body: `${Buffer.from(usual.body ?? "")}${line}` } : usual;
    },
  };
}

describe("the bundle", () => {
  interface Machine extends Pretence {
    readonly os: string;
    readonly cpu: string;
  }
  const linuxMachine: Machine = { os: "Linux", cpu: "X64", platform: "linux", arch: "x64", glibc: "2.39" };
  const mac: Machine = { os: "macOS", cpu: "ARM64", platform: "darwin", arch: "arm64" };
  const windows: Machine = { os: "Windows", cpu: "X64", platform: "win32", arch: "x64" };

  test.each<[string, Machine, string, string, string, boolean]>([
    ["linux-amd64.tar.gz", linuxMachine, "", "amd64", "x64/spin", true],
    ["static-linux-amd64.tar.gz", { ...linuxMachine, glibc: "2.31" }, "", "amd64", "x64-static/spin", true],
    ["static-linux-amd64.tar.gz", { ...linuxMachine, glibc: "" }, "x64", "amd64", "x64-static/spin", true],
    ["linux-aarch64.tar.gz", linuxMachine, "aarch64", "arm64", "arm64/spin", false],
    [
      "linux-aarch64.tar.gz",
      { ...linuxMachine, cpu: "ARM64", arch: "arm64" },
      "",
      "arm64",
      "arm64/spin",
      true,
    ],
    ["macos-aarch64.tar.gz", mac, "", "arm64", "arm64/spin", true],
    ["macos-amd64.tar.gz", mac, "amd64", "amd64", "x64/spin", false],
    ["windows-amd64.zip", windows, "", "amd64", "x64/spin.exe", true],
    ["windows-amd64.zip", { ...windows, cpu: "ARM64", arch: "arm64" }, "", "amd64", "x64/spin.exe", true],
  ])(
    "installs %s on %j where arch is %j",
    async (asset, { os, cpu, ...pretend }, arch, output, path, started) => {
      const runner = await startRunner(withWindows("v4.0.2"));
      const run = await runner.run(
        { version: "4.0.2", arch },
        { pretend, env: { RUNNER_OS: os, RUNNER_ARCH: cpu } },
      );
      expect(run.outputs).toMatchObject({ version: "4.0.2", arch: output });
      expect(run.outputs.path).toBe(`${runner.toolCache}/spin/4.0.2/${path}`);
      expect(runner.requests()).toContain(
        `github.com /spinframework/spin/releases/download/v4.0.2/spin-v4.0.2-${asset}`,
      );
      expect(run.log.includes("not started, because it is for another machine")).toBe(!started);
      expect(await readFile(run.outputs.path ?? "", "utf8")).toContain("spin 4.0.2");
    },
  );

  test("lists the archives of a release that lacks the platform", async () => {
    const runner = await startRunner();
    const run = await runner.run({ version: "4.0.2" }, { env: { RUNNER_OS: "Windows", RUNNER_ARCH: "X64" } });
    expect(failureOf(run)).toContain(
      "Spin 4.0.2 does not include spin-v4.0.2-windows-amd64.zip. The release has spin-v4.0.2-linux-aarch64.tar.gz, ",
    );
  });

  test("takes a build for another C library from the tool cache only if it starts", async () => {
    const runner = await startRunner();
    const glibc = { pretend: { platform: "linux", arch: "x64", glibc: "2.39" }, env: { RUNNER_ARCH: "X64" } };
    const musl = { pretend: { platform: "linux", arch: "x64", glibc: "" }, env: { RUNNER_ARCH: "X64" } };
    const dynamic = await runner.run({ version: "4.0.2" }, glibc);
    await writeFile(dynamic.outputs.path ?? "", "#!/lib64/no-such-loader.so\n");
    const portable = await runner.run({ version: "4.0.2" }, musl);
    expect(portable.outputs).toMatchObject({ "cache-hit": "false" });
    expect(await runner.installed()).toEqual(["4.0.2/x64", "4.0.2/x64-static"]);
  });

  test("reuses the dynamic build of a release without a static one, if it starts", async () => {
    const withoutStatic: UpstreamOptions = {
      answer: (_request, usual) =>
        usual.headers?.["content-type"] === "text/plain"
          ? {
              ...usual,
              body: Buffer.from(usual.body ?? "")
                .toString()
                .replace(/^.*-static-.*\n/gm, ""),
            }
          : usual,
    };
    const runner = await startRunner(withoutStatic);
    const musl = { pretend: { platform: "linux", arch: "x64", glibc: "" }, env: { RUNNER_ARCH: "X64" } };
    await runner.run({ version: "4.0.2" }, musl);
    runner.requests();
    expect((await runner.run({ version: "4.0.2" }, musl)).outputs["cache-hit"]).toBe("true");
    expect(runner.requests()).toEqual([]);
  });
});
