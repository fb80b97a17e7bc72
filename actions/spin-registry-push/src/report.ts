import { formatBytes } from "@spin-publisher/action-runtime";
import type { Difference } from "./differences.ts";
import type { PublishedPart } from "./published.ts";

/** What a version consists of and what it is compared with. */
export interface SummaryFacts {
  /** How to get it: `host/repository@sha256:…`. */
  readonly reference: string;
  readonly plainHttp: boolean;
  readonly parts: readonly PublishedPart[];
  /** How many of the parts are modules; the others are files. */
  readonly modules: number;
  readonly layers: number;
  /** Undefined where there is no earlier version, or it cannot be read. */
  readonly differences: readonly Difference[] | undefined;
}

/** More rows than this nobody reads. */
const mostRows = 50;

/** Markdown for the job summary: what was published, what changed, and how to run it. */
export function summarise({
  reference,
  plainHttp,
  parts,
  modules,
  layers,
  differences,
}: SummaryFacts): string {
  const total = parts.reduce((sum, { size }) => sum + (size ?? 0), 0);
  return [
    `${count(modules, "module")} and ${count(parts.length - modules, "file")} with ${formatBytes(total)} in ${count(layers, "layer")}.`,
    differences === undefined ? "There is no earlier version to compare with." : changes(differences),
    `\`\`\`sh\nspin up --from-registry ${reference}${plainHttp ? " --insecure" : ""}\n\`\`\``,
  ].join("\n\n");
}

function changes(differences: readonly Difference[]): string {
  if (differences.length === 0) return "No file differs from the version before.";
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

/** One line for each file, for an error. */
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

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A file name as code in a table cell: it may hold what Markdown or a table would take for its own. */
function code(name: string): string {
  const escaped = name
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/\|/g, "&#124;")
    .replace(/[\r\n]/g, " ");
  return `<code>${escaped}</code>`;
}
