import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzip, tar } from "@spin-publisher/archive";
import { type Chart, loadChart } from "../src/chart/load.ts";
import { packagedFiles } from "../src/chart/package.ts";
import { type ChartFile, walkChart } from "../src/chart/walk.ts";

/** Path → content of a file, or the target of a symbolic link. */
export type Tree = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

export const chartYaml = "apiVersion: v2\nname: site\nversion: 1.2.3\n";

/** A folder that is gone when the test is. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "chart-")));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export async function writeTree(folder: string, tree: Tree): Promise<string> {
  for (const [path, content] of Object.entries(tree)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    if (typeof content === "string" || content instanceof Uint8Array) await writeFile(file, content);
    else await symlink(content.link, file);
  }
  return folder;
}

/** A chart of the given files, which lie in memory only. */
export function chartOf(tree: Readonly<Record<string, string | Uint8Array>>): Promise<Chart> {
  return loadChart(filesOf(tree), { name: "the chart" });
}

export function filesOf(tree: Readonly<Record<string, string | Uint8Array>>): readonly ChartFile[] {
  return Object.entries(tree).map(([path, content]) => ({ path, bytes: Buffer.from(content) }));
}

/** A packaged chart as somebody else would have made it. */
export async function tgzOf(
  tree: Readonly<Record<string, string | Uint8Array>>,
  name = "site",
): Promise<Uint8Array> {
  return gzip(
    await tar(filesOf(tree).map(({ path, bytes }) => ({ type: "file", path: `${name}/${path}`, bytes }))),
  );
}

/** What is in the package of a chart's folder: path → content, in order. */
export async function packagedTree(folder: string, boundary = folder): Promise<ReadonlyMap<string, string>> {
  return asText(
    packagedFiles(await loadChart(await walkChart(folder, { workspace: boundary }), { name: "the chart" })),
  );
}

export function asText(files: readonly ChartFile[]): ReadonlyMap<string, string> {
  return new Map(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString("latin1")]));
}
