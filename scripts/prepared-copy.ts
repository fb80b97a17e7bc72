// The copy of the checkout that `make` publishes, and the two ways in which it may differ from the checkout.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { changedPaths, copyCheckout, dirtySuffix, isRepository } from "./checkout.ts";
import { withStandInPins } from "./stand-in-pins.ts";
import { readVersions, withVersion } from "./version.ts";

export interface PreparedCopy {
  /** The published versions, as in the Git tags of a release. */
  readonly site: string;
  readonly chart: string;
  /** The versions in the checkout, which a commit would publish. */
  readonly committed: { readonly site: string; readonly chart: string };
}

/**
 * Copies the checkout, marks versions with uncommitted changes, and pins the stand-ins of modules.
 *
 * @param standIns download URL → digest of the stand-in module.
 */
export async function prepareCopy(
  root: string,
  copy: string,
  standIns: ReadonlyMap<string, string>,
  tell: (line: string) => void,
): Promise<PreparedCopy> {
  await copyCheckout(root, copy);
  const changed = changedPaths(root);
  const versions = await stampVersions(copy, await dirtySuffix(root, changed));
  for (const line of versionLines(versions, changed, isRepository(root))) tell(line);
  await pinStandIns(copy, standIns, tell);
  return versions;
}

/** Why the versions are what they are, where that needs an explanation. */
export function versionLines(
  { site, chart, committed }: PreparedCopy,
  changed: readonly string[],
  repository: boolean,
): readonly string[] {
  if (!repository)
    return [
      "This folder is not a Git repository (a ZIP download?), so the versions are used whatever has changed.",
      'To have changes detected: git init && git add . && git commit -m "Start"',
    ];
  if (changed.length === 0) return [];
  const shown = changed.slice(0, 5);
  const more = changed.length - shown.length;
  return [
    `Uncommitted changes: publishing ${site} and chart-${chart}.`,
    ...shown.map((path) => `  ${path}`),
    ...(more === 0 ? [] : [`  and ${more} more`]),
    "The suffix is a hash of the changed files, so that a tag never stands for two contents.",
    `Commit the changes to publish ${committed.site} and chart-${committed.chart}.`,
  ];
}

async function stampVersions(copy: string, suffix: string): Promise<PreparedCopy> {
  const files = ["site/spin.toml", "charts/bart/Chart.yaml"] as const;
  const texts = new Map<string, string>();
  for (const file of files) texts.set(file, await readFile(join(copy, file), "utf8"));
  const versions = readVersions((file) => texts.get(file) ?? "");
  const site = `${versions.site}${suffix}`;
  const chart = `${versions.chart}${suffix}`;
  const committed = { site: versions.site, chart: versions.chart };
  if (suffix === "") return { site, chart, committed };
  const manifest = withVersion(texts.get("charts/bart/Chart.yaml") ?? "", "chart", chart);
  await writeFile(join(copy, "charts/bart/Chart.yaml"), withVersion(manifest, "app", site));
  return { site, chart, committed };
}

async function pinStandIns(
  copy: string,
  standIns: ReadonlyMap<string, string>,
  tell: (line: string) => void,
): Promise<void> {
  const file = join(copy, "site/spin.toml");
  const { text, repinned } = withStandInPins(await readFile(file, "utf8"), standIns);
  if (repinned.length === 0) return;
  await writeFile(file, text);
  tell("Modules are stand-ins, and the copy of the site pins their digests:");
  for (const { url, standIn } of repinned) tell(`  ${url}\n    ${standIn}`);
}
