import { formatBytes } from "@spin-publisher/action-runtime";
import type { Report } from "./report.ts";

/** The run that a page is about. */
export interface Run {
  /** `https://github.com/owner/name/actions/runs/1`. */
  readonly url: string;
  readonly commit: string;
  readonly commitUrl: string;
}

/** Comments end at 64 KiB; a list of changed pages need not be longer than a reader's patience. */
const longestList = 30;

/** What was published, or would have been, as Markdown. */
export function pageOf(reports: readonly Report[], failed: readonly string[], run: Run): string {
  const dryRun = reports.some((report) => report.dryRun);
  const sections = [
    headingOf(reports, failed, dryRun),
    ...(failed.length === 0 ? [] : [failuresOf(failed, run)]),
    ...(reports.length === 0 ? [] : [tableOf(reports)]),
    ...reports.flatMap(refusalOf),
    ...reports.flatMap(changesOf),
    ...reports.flatMap(commandsOf),
    `From commit [\`${run.commit.slice(0, 8)}\`](${run.commitUrl}), in [this run](${run.url}).`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function headingOf(reports: readonly Report[], failed: readonly string[], dryRun: boolean): string {
  if (failed.length > 0) return "### Not everything worked";
  if (reports.some(({ wouldBeRefused }) => wouldBeRefused)) return "### This would be refused";
  if (reports.length === 0) return "### Nothing was published";
  if (dryRun) return "### What merging would publish";
  return reports.some(({ changed }) => changed) ? "### Published" : "### Nothing changed";
}

function failuresOf(failed: readonly string[], run: Run): string {
  const names = failed.map((name) => `\`${name}\``).join(", ");
  return `Failed: ${names}. The error and how to fix it are at the top of [the run](${run.url}) and in the summary of each job.`;
}

function tableOf(reports: readonly Report[]): string {
  const rows = reports.map((report) => {
    const name = report.reference.replace(/@.*$/, "");
    const shown = report.page === "" ? `\`${name}\`` : `[${name}](${report.page})`;
    return `| ${report.kind} | ${shown} | \`${report.digest.slice(0, 19)}…\` | ${outcomeOf(report)} |`;
  });
  return ["| What | Name | Digest | Result |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function outcomeOf({ changed, dryRun, wouldBeRefused, uploadedBytes }: Report): string {
  if (wouldBeRefused) return "would be refused";
  if (dryRun) return changed ? "would be published" : "unchanged";
  return changed ? `published, ${formatBytes(uploadedBytes)} sent` : "unchanged";
}

function refusalOf({ kind, tag, wouldBeRefused }: Report): readonly string[] {
  if (!wouldBeRefused) return [];
  return [
    `The ${kind} \`${tag}\` is published already with other content, and tags are immutable: raise the version.`,
  ];
}

function changesOf({ kind, differences }: Report): readonly string[] {
  if (differences.length === 0) return [];
  const shown = differences.slice(0, longestList).map((line) => `- ${escapeMarkdown(line)}`);
  const more = differences.length - shown.length;
  const lines = [...shown, ...(more > 0 ? [`- and ${more} more`] : [])];
  return [
    `<details><summary>Changed in the ${kind}: ${differences.length}</summary>\n\n${lines.join("\n")}\n\n</details>`,
  ];
}

function commandsOf({ kind, dryRun, commands }: Report): readonly string[] {
  if (dryRun || commands.length === 0) return [];
  return [
    `<details><summary>Use the ${kind}</summary>\n\n\`\`\`console\n${commands.join("\n")}\n\`\`\`\n\n</details>`,
  ];
}

/**
 * Names of files are anybody's text: they must not become links, mentions or HTML. GitHub looks for mentions (`@team`)
 * and issues (`#1`) after entities are resolved, so these signs are also followed by a space of no width.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\r\n]+/g, " ")
    .replace(/[\\`*_{}[\]<>()#!|~@&:]|(?<=\bwww)\./gi, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/&#(?:35|64);/g, (entity) => `${entity}&#8203;`);
}
