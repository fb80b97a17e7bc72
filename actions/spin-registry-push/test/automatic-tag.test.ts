// Which tag a branch's content gets, whatever started the workflow and wherever the checkout is.
import { execFileSync } from "node:child_process";
import { chownSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest } from "@jest/globals";
import {
  type ActionProcess,
  dispatch,
  pushBranch,
  type RegistryServer,
  runActionProcess,
  startRegistry,
  type WorkflowEvent,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { project } from "./project.ts";
import { withComponent } from "./reading.ts";
import { coreModule } from "./wasm.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000); // every test starts processes, and there may be other work for the cores

const action = join(import.meta.dirname, "..");
const files = { "spin.toml": withComponent(""), "web.wasm": coreModule };
const epoch = 1_760_000_000;

let registry: RegistryServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());

/** Makes a folder a repository with one commit, and returns the commit's name. */
function commit(folder: string): string {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=Ada", "-c", "user.email=a@b.c", ...args], {
      encoding: "utf8",
      env: { ...process.env, GIT_COMMITTER_DATE: `${epoch} +0000` },
    });
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "One");
  return git("rev-parse", "HEAD").trim();
}

function push(
  workspace: string,
  event: WorkflowEvent,
  inputs: Readonly<Record<string, string>> = {},
  options: Partial<ActionProcess> = {},
) {
  const mirrors = `https://ghcr.io=${registry.origin}`;
  return runActionProcess({ action, workspace, event, mirrors, inputs, ...options });
}

describe("the automatic tag of a branch", () => {
  test("has the commit's time from the checkout in a run that was started by hand", async () => {
    const workspace = await project(files);
    const sha = commit(workspace);
    const { exitCode, outputs } = await push(workspace, dispatch("refs/heads/main", {}, { sha }));
    expect({ exitCode, tag: outputs.tag }).toEqual({ exitCode: 0, tag: `main-${sha.slice(0, 8)}-${epoch}` });
  });

  test("has it from a checkout under path:", async () => {
    const workspace = await project({ "site/spin.toml": files["spin.toml"], "site/web.wasm": coreModule });
    const sha = commit(join(workspace, "site"));
    const { outputs } = await push(workspace, dispatch("refs/heads/main", {}, { sha }), {
      manifest: "site/spin.toml",
      tag: "auto",
    });
    expect(outputs.tag).toBe(`main-${sha.slice(0, 8)}-${epoch}`);
  });

  test("has it from a checkout that another user owns", async () => {
    const workspace = await project(files);
    const sha = commit(workspace);
    // Only root can give files away; a real runner's container does it to everybody.
    const paths = process.getuid?.() === 0 ? [workspace, join(workspace, ".git")] : [];
    for (const path of paths) chownSync(path, 12345, 12345);
    const { outputs } = await push(workspace, dispatch("refs/heads/main", {}, { sha }));
    expect(outputs.tag).toBe(`main-${sha.slice(0, 8)}-${epoch}`);
  });

  test("is an error with git's reason where neither checkout nor event has the time", async () => {
    const { exitCode, log } = await push(await project(files), dispatch("refs/heads/main"));
    expect(exitCode).toBe(1);
    expect(log).toContain("neither a checkout nor the event has it");
    expect(log).toContain("git says: fatal: not a git repository");
  });

  test("carries a hash where the branch is called like a build, and so does its alias", async () => {
    const event = pushBranch("main-12345678-1795609999");
    const { exitCode, outputs, log } = await push(await project(files), event, { aliases: "auto" });
    expect(exitCode).toBe(0);
    expect(outputs.tag).toMatch(/^main-12345678-1795609999-[0-9a-f]{6}-[0-9a-f]{8}-[0-9]{10}$/);
    expect(log).toMatch(/alias main-12345678-1795609999-[0-9a-f]{6}: moved/);
  });
});
