import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect } from "@jest/globals";
import { gzip, tar } from "@spin-publisher/archive";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { startFromRegistry } from "../src/embed/container-command.ts";
import { runtimeConfig } from "../src/image/runtime-config.ts";

const test = testNeeding("shebang scripts");

const root = join(import.meta.dirname, "../../..");
const content = `ghcr.io/owner/site/content:0.1.2@sha256:${"a".repeat(64)}`;

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of each stage, without comments and with continued lines joined (Dockerfile reference, "Format"). */
async function stages(): Promise<readonly (readonly Instruction[])[]> {
  const text = await readFile(join(root, "Dockerfile"), "utf8");
  const joined = text.replace(/^#.*\n/gm, "").replace(/\\\n/g, "");
  const instructions = joined.split("\n").flatMap((line): readonly Instruction[] => {
    const [, name, rest] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name, text: rest.replace(/\s+/g, " ") }];
  });
  const found: Instruction[][] = [[]];
  for (const instruction of instructions) {
    if (instruction.name === "FROM") found.push([]);
    found.at(-1)?.push(instruction);
  }
  return found;
}

const textsOf = (stage: readonly Instruction[] | undefined, name: string) =>
  (stage ?? []).filter((instruction) => instruction.name === name).map(({ text }) => text);

async function script(stage: number): Promise<string> {
  const [run = ""] = textsOf((await stages())[stage], "RUN");
  return run;
}

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dockerfile-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a script of the Dockerfile in an empty folder. */
function sh(command: string, env: Readonly<Record<string, string>>) {
  const path = `${folder}/bin:${process.env.PATH}`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
    cwd: folder,
    env: { ...env, PATH: path },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

async function program(name: string, text: string): Promise<void> {
  await mkdir(join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "bin", name), `#!/bin/sh\n${text}`);
  await chmod(join(folder, "bin", name), 0o755);
}

describe("the Dockerfile's image", () => {
  test("has the environment, user and port of the action's", async () => {
    const last = (await stages()).at(-1);
    const action = runtimeConfig({}, startFromRegistry(content, { plainHttp: false }), {});
    expect(textsOf(last, "ENV").flatMap((line) => line.split(" "))).toEqual(action.Env);
    expect(textsOf(last, "USER")).toEqual([action.User]);
    expect(Object.fromEntries(textsOf(last, "EXPOSE").map((port) => [port, {}]))).toEqual(
      action.ExposedPorts,
    );
  });

  test("runs the command of the action's as process 1, without a shell in between", async () => {
    const last = (await stages()).at(-1);
    const [entrypoint = "[]"] = textsOf(last, "ENTRYPOINT");
    const [cmd = "[]"] = textsOf(last, "CMD");
    const [shell, flag, command, name, ...rest]: string[] = JSON.parse(entrypoint);
    expect([shell, flag, name, rest]).toEqual(["/busybox/sh", "-c", "sh", []]);
    await program("spin", 'echo $$; printf "%s\\n" "$@"');
    await writeFile(join(folder, "env.vars"), `BUILD_ID=0.1.2\nCONTENT=${content}\n`);
    const here = (command ?? "").replace(" /env.vars", " ./env.vars").replace("/usr/local/bin/spin", "spin");
    const run = spawnSync("sh", ["-c", `echo $$; ${here}`, "sh", ...JSON.parse(cmd)], {
      cwd: folder,
      env: { PATH: `${folder}/bin:${process.env.PATH}` },
      encoding: "utf8",
    });
    const [shellProcess, spinProcess, ...args] = run.stdout.trim().split("\n");
    expect(spinProcess).toBe(shellProcess);
    expect(args).toEqual(startFromRegistry(content, { plainHttp: false }).command);
  });

  test("is assembled without running anything on its own platform", async () => {
    const [, ...built] = await stages();
    for (const stage of built.filter((stage) => textsOf(stage, "RUN").length > 0)) {
      expect(textsOf(stage, "FROM")[0]).toMatch(/^--platform=\$BUILDPLATFORM /);
    }
    expect(textsOf(built.at(-1), "RUN")).toEqual([]);
  });

  test("takes nothing from the build context", async () => {
    const copies = (await stages()).flatMap((stage) => [...textsOf(stage, "COPY"), ...textsOf(stage, "ADD")]);
    expect(copies.filter((copy) => !copy.startsWith("--from="))).toEqual([]);
    expect(await readFile(join(root, ".dockerignore"), "utf8")).toMatch(/^\*$/m);
  });

  test("changes in one layer from release to release, the last", async () => {
    expect(textsOf((await stages()).at(-1), "COPY").at(-1)).toBe(
      "--from=release /release/env.vars /env.vars",
    );
  });
});

describe("its Spin", () => {
  const version = "4.0.2";

  /** A `wget` that has a release of Spin behind it. */
  async function release(cpu: string, checksum?: string): Promise<void> {
    const archive = gzip(
      await tar([{ type: "file", path: "spin", bytes: Buffer.from(`spin for ${cpu}`), executable: true }]),
    );
    const name = `spin-v${version}-static-linux-${cpu}.tar.gz`;
    const sha256 = checksum ?? createHash("sha256").update(archive).digest("hex");
    await mkdir(join(folder, "served"));
    await writeFile(join(folder, "served", name), archive);
    await writeFile(
      join(folder, "served", `checksums-v${version}.txt`),
      `${"0".repeat(64)}  spin-v${version}-linux-${cpu}.tar.gz\n${sha256}  ${name}\n`,
    );
    await program("wget", `cp "${folder}/served/\${4##*/}" "$3"`);
  }

  test.each([
    ["amd64", "amd64"],
    ["arm64", "aarch64"],
  ])("for %s is the release's %s", async (architecture, cpu) => {
    await release(cpu);
    const run = sh(await script(1), { SPIN_VERSION: version, TARGETARCH: architecture });
    expect(run).toMatchObject({ status: 0 });
    expect(await readFile(join(folder, "spin"), "utf8")).toBe(`spin for ${cpu}`);
  });

  test("is not unpacked when its checksum is another", async () => {
    await release("amd64", "f".repeat(64));
    expect(sh(await script(1), { SPIN_VERSION: version, TARGETARCH: "amd64" }).status).not.toBe(0);
    await expect(readFile(join(folder, "spin"))).rejects.toThrow("ENOENT");
  });

  test("is not unpacked when the checksums file does not list it", async () => {
    await release("amd64");
    await writeFile(join(folder, "served", `checksums-v${version}.txt`), "");
    expect(sh(await script(1), { SPIN_VERSION: version, TARGETARCH: "amd64" }).status).not.toBe(0);
    await expect(readFile(join(folder, "spin"))).rejects.toThrow("ENOENT");
  });

  test("does not exist for other architectures", async () => {
    const run = sh(await script(1), { SPIN_VERSION: version, TARGETARCH: "s390x" });
    expect(run.stderr).toContain("not released for linux/s390x");
    expect(run.status).toBe(1);
  });
});

describe("its /env.vars", () => {
  test("says what it is and what it runs", async () => {
    expect(sh(await script(2), { BUILD_ID: "0.1.2", CONTENT: content }).status).toBe(0);
    expect(await readFile(join(folder, "env.vars"), "utf8")).toBe(`BUILD_ID=0.1.2\nCONTENT=${content}\n`);
  });

  test.each(["", "0.1.2; reboot", "$(reboot)"])("is not written for tag %j", async (wrong) => {
    const run = sh(await script(2), { BUILD_ID: wrong, CONTENT: content });
    expect(run.stderr).toContain("must be the image's tag");
    expect(run.status).toBe(1);
  });

  test.each(["", "ghcr.io/owner/site/content:0.1.2", `$(reboot)${content}`])(
    "is not written for content %j",
    async (wrong) => {
      const run = sh(await script(2), { BUILD_ID: "0.1.2", CONTENT: wrong });
      expect(run.stderr).toContain("must be a reference with digest");
      expect(run.status).toBe(1);
    },
  );
});
