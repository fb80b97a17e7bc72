import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { checkSite } from "./check-site.ts";
import type { Finding } from "./finding.ts";
import { isBartholomewSite } from "./routes.ts";
import { readSite } from "./site-files.ts";

/**
 * Checks the site of a manifest.
 *
 * @param manifest spin.toml or its folder.
 * @returns findings with paths that begin like `manifest`; undefined where the application is not Bartholomew's.
 * @throws Error when the manifest cannot be read.
 */
export async function checkManifest(manifest: string): Promise<readonly Finding[] | undefined> {
  const isFolder = (await stat(manifest)).isDirectory();
  const folder = isFolder ? manifest : dirname(manifest);
  const values = parse(await readFile(isFolder ? join(manifest, "spin.toml") : manifest, "utf8"));
  if (!isBartholomewSite(values)) return undefined;
  const findings = checkSite(values, await readSite(folder));
  return findings.map((finding) => ({ ...finding, file: join(folder, finding.file).replaceAll("\\", "/") }));
}

/** What a check says at its end. */
export function verdict(manifest: string, findings: readonly Finding[] | undefined): string {
  if (findings === undefined) return `${manifest} is not a Bartholomew site; its pages are not checked.`;
  if (findings.length === 0) return `${manifest}: front matter, templates and internal links are in order.`;
  const count = findings.length === 1 ? "1 mistake" : `${findings.length} mistakes`;
  return `${manifest}: ${count}. Correct what is listed before it is published.`;
}
