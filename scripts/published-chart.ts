// A site-only release leaves the chart alone: its published version installs the site it was released with, and stays.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject, parseObject } from "@spin-publisher/json";
import type { RegistryServer } from "@spin-publisher/sandbox";
import { readVersions, withVersion } from "./version.ts";

const file = "charts/bart/Chart.yaml";

/** The appVersion of a chart's version in the registry; undefined where that version was never published. */
export async function publishedAppVersion(
  registry: RegistryServer,
  repository: string,
  version: string,
): Promise<string | undefined> {
  const digest = (await registry.inspect(repository))?.tags.get(version);
  if (digest === undefined) return undefined;
  const document = async (blob: string) =>
    parseObject(
      await readFile(join(registry.root, repository, "blobs", ...blob.split(":"))),
      `The blob ${blob}`,
    );
  const { config } = await document(digest);
  if (!isObject(config) || typeof config.digest !== "string") return undefined;
  const { appVersion } = await document(config.digest);
  return typeof appVersion === "string" ? appVersion : undefined;
}

/**
 * Gives the chart in `checkout` the appVersion with which its version was published, as in the commit of that version's
 * tag. The comparison with the published chart is then about the chart's own files: they are unchanged, or refused.
 */
export async function keepPublishedAppVersion(
  checkout: string,
  published: string | undefined,
  tell: (line: string) => void,
): Promise<void> {
  const text = await readFile(join(checkout, file), "utf8");
  const manifest = await readFile(join(checkout, "site/spin.toml"), "utf8");
  const { app, chart } = readVersions((path) => (path === file ? text : manifest));
  if (published === undefined || published === app) return;
  await writeFile(join(checkout, file), withVersion(text, "app", published));
  tell(`Chart ${chart} is already published and installs site ${published}; it stays as it is.`);
  tell(`To release a chart that installs ${app}: make chart-version-set SEMVER=…`);
}
