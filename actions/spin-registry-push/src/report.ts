import { formatBytes } from "@spin-publisher/action-runtime";
import type { Artifact, FetchedManifest } from "@spin-publisher/oci";
import { type Difference, differencesBetween } from "./comparison/differences.ts";
import type { PublishedPart } from "./comparison/published-parts.ts";

/** What is published. */
export interface Contents {
  readonly artifact: Artifact;
  readonly parts: readonly PublishedPart[];
  /** How many of the parts are modules; the others are files. */
  readonly modules: number;
}

/** `2 components, 14 files, 9 layers` */
export function describeContents({ artifact, parts, modules }: Contents): string {
  const files = count(parts.length - modules, "file");
  return `${count(modules, "component")}, ${files}, ${count(layersIn(artifact), "layer")}`;
}

/** All blobs but the config. */
function layersIn({ root }: Artifact): number {
  return root.blobs.length - 1;
}

/** Nobody reads more rows than this. */
const mostRows = 50;

/**
 * Markdown for the job summary: what was published and what changed.
 *
 * @param differences undefined where there is no earlier version, or it cannot be read.
 */
export function summarise(
  { artifact, parts, modules }: Contents,
  differences: readonly Difference[] | undefined,
): string {
  const total = formatBytes(parts.reduce((sum, { size }) => sum + (size ?? 0), 0));
  const files = count(parts.length - modules, "file");
  return [
    `${count(modules, "module")} and ${files}, ${total} in ${count(layersIn(artifact), "layer")}.`,
    differences === undefined ? "There is no earlier version to compare with." : changes(differences),
  ].join("\n\n");
}

/** How to run what was published, for the job summary. */
export function usage(address: string, { plainHttp }: { readonly plainHttp: boolean }): string {
  return `spin up --from-registry ${address}${plainHttp ? " --insecure" : ""}`;
}

function changes(differences: readonly Difference[]): string {
  if (differences.length === 0) return "No file changed since the previous version.";
  const rows = differences
    .slice(0, mostRows)
    .map(({ name, kind, before, after }) => `| ${kind} | ${code(name)} | ${size(before)} | ${size(after)} |`);
  const rest = differences.length - rows.length;
  return [
    "| | File | Before | Now |",
    "| --- | --- | ---: | ---: |",
    ...rows,
    ...(rest > 0 ? [`| | … and ${rest} more | | |`] : []),
  ].join("\n");
}

/**
 * How an existing version differs from the one that was built, for an error.
 *
 * @param before the files and modules of `existing`; undefined where it is not a Spin application.
 */
export function describeAgainst(
  existing: FetchedManifest,
  before: readonly PublishedPart[] | undefined,
  { root }: Artifact,
  parts: readonly PublishedPart[],
): readonly string[] {
  if (before === undefined) return ["the existing artifact is not a Spin application"];
  const lines = describeDifferences(differencesBetween(before, parts));
  if (lines.length > 0) return lines;
  const lockedApp = root.blobs.at(-1)?.descriptor.digest;
  const { document } = existing;
  const sameApp = "layers" in document && document.layers.some(({ digest }) => digest === lockedApp);
  return [
    sameApp
      ? "annotations, or how files are bundled in layers"
      : "settings in the manifest; all files are the same",
  ];
}

/** `content/about.md (changed: 1.2 KiB → 1.3 KiB)`, one line for each file or module, at most so many. */
export function describeDifferences(differences: readonly Difference[], most = 20): readonly string[] {
  const lines = differences.slice(0, most).map(({ name, kind, before, after }) => {
    const sizes = [before, after].filter((bytes) => bytes !== undefined).map(formatBytes);
    return `${name} (${kind}${sizes.length === 0 ? "" : `: ${sizes.join(" → ")}`})`;
  });
  const rest = differences.length - lines.length;
  return rest > 0 ? [...lines, `and ${rest} more`] : lines;
}

function size(bytes: number | undefined): string {
  return bytes === undefined ? "" : formatBytes(bytes);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A file name as code in a table cell, with what Markdown or the table would interpret escaped. */
function code(name: string): string {
  const escaped = name
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/\|/g, "&#124;")
    .replace(/[\r\n]/g, " ");
  return `<code>${escaped}</code>`;
}
