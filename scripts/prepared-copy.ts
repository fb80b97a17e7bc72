// The copy of the checkout that `make` publishes, and the two ways in which it may differ from the checkout.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyCheckout, dirtySuffix } from "./checkout.ts";
import { withStandInPins } from "./stand-in-pins.ts";
import { readVersions, withVersion } from "./version.ts";

export interface PreparedCopy {
  /** The published versions, as in the Git tags of a release. */
  readonly site: string;
  readonly chart: string;
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
  const versions = await stampVersions(copy, await dirtySuffix(root), tell);
  await pinStandIns(copy, standIns, tell);
  return versions;
}

async function stampVersions(
  copy: string,
  suffix: string,
  tell: (line: string) => void,
): Promise<PreparedCopy> {
  const files = ["site/spin.toml", "charts/bart/Chart.yaml"] as const;
  const texts = new Map<string, string>();
  for (const file of files) texts.set(file, await readFile(join(copy, file), "utf8"));
  const versions = readVersions((file) => texts.get(file) ?? "");
  const site = `${versions.site}${suffix}`;
  const chart = `${versions.chart}${suffix}`;
  if (suffix === "") return { site, chart };
  tell(`There are changes that are not committed, so the versions are ${site} and ${chart}.`);
  const manifest = withVersion(texts.get("charts/bart/Chart.yaml") ?? "", "chart", chart);
  await writeFile(join(copy, "charts/bart/Chart.yaml"), withVersion(manifest, "app", site));
  return { site, chart };
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
