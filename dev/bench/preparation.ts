// What a tool needs on a fresh runner before it can publish, as far as this machine can measure it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runActionProcess, type Upstream } from "@spin-publisher/sandbox";
import { secondsText } from "../../scripts/table.ts";
import { runProgram } from "./cost.ts";
import { installed, type StepName } from "./steps.ts";

const root = join(import.meta.dirname, "../..");

/** How each tool is made ready, in a few words. Ours is in the bundle that the runner has downloaded with the action. */
export async function preparations(upstream: Upstream): Promise<Readonly<Record<StepName, string>>> {
  return {
    content: `install Spin: ${await installSpin(upstream)} without its download`,
    shim: await startBuilder(),
    chart: "none: Helm is on hosted runners",
  };
}

/** With the stand-in for Spin on loopback: resolving, verifying and unpacking, but next to nothing to download. */
async function installSpin(upstream: Upstream): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-setup-"));
  try {
    const started = performance.now();
    const { exitCode, log } = await runActionProcess({
      action: join(root, "actions/setup-spin"),
      workspace: folder,
      temp: join(folder, "runner"),
      mirrors: upstream.mirrors,
      inputs: { version: "4.0.2" },
    });
    if (exitCode !== 0) throw new Error(`setup-spin failed:\n${log}`);
    return secondsText(performance.now() - started);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startBuilder(): Promise<string> {
  if (!(await installed("docker", ["buildx", "version"])))
    return "start a builder: not measured, no Buildx here";
  const name = `bench-${process.pid}`;
  const started = performance.now();
  try {
    await runProgram("docker", ["buildx", "create", "--name", name, "--bootstrap"]);
    return `start a builder: ${secondsText(performance.now() - started)}`;
  } catch {
    return "start a builder: not measured, no Docker daemon here";
  } finally {
    await runProgram("docker", ["buildx", "rm", name]).catch(() => undefined);
  }
}
