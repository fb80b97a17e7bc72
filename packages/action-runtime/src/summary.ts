import type { AliasReport } from "@spin-publisher/oci";
import { formatBytes } from "./format-bytes.ts";
import type { Links } from "./links.ts";

/** What the summary of a publication shows. */
export interface PublicationFacts {
  /** content, shim, chart */
  readonly what: string;
  /** published, unchanged, built but not published */
  readonly outcome: string;
  /** `host/repository:tag` */
  readonly name: string;
  /** `host/repository:tag@digest` */
  readonly reference: string;
  readonly links: Links;
  readonly uploadedBytes: number;
  readonly seconds: number;
  readonly aliases: readonly AliasReport[];
  /** Shell lines that use what was published; none after a dry run, when there is nothing to use. */
  readonly usage: string | undefined;
  /** Why a dry run would be refused. */
  readonly refusal: string | undefined;
  /** Markdown of the action itself, shown last. */
  readonly details: string | undefined;
}

/**
 * The job summary of a publication: Markdown for a page that may be as narrow as a telephone. What is long and has no
 * spaces stands in code blocks, which scroll and can be copied.
 */
export function publicationSummary(facts: PublicationFacts): string {
  const { links, usage, refusal, details } = facts;
  const sections = [
    `### ${capitalised(facts.what)}: ${facts.outcome}`,
    `${linked(codeOf(facts.name), links.package)}, ${[
      `[commit](${links.commit})`,
      ...(links.run === undefined ? [] : [`[run](${links.run})`]),
      `${formatBytes(facts.uploadedBytes)} sent in ${facts.seconds.toFixed(2)} s`,
    ].join(", ")}.`,
    ...(refusal === undefined ? [] : [`**Publishing this would be refused.**`, messageAsHtml(refusal)]),
    ...(facts.aliases.length === 0 ? [] : [aliasTable(facts.aliases)]),
    ...(usage === undefined ? [] : [block("sh", usage)]),
    `<details><summary>Reference with digest</summary>\n\n${block("text", facts.reference)}\n\n</details>`,
    ...(details === undefined ? [] : [details]),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The job summary of an action that failed: its message, with the lines of a list as a list. */
export function failureSummary(what: string, message: string, causes: readonly string[]): string {
  const shown = [message, ...causes.map((cause) => `Caused by: ${cause}`)].map(messageAsHtml);
  return `### ${capitalised(what)}: failed\n\n${shown.join("\n")}\n`;
}

/**
 * A message of ours as HTML, in which nothing counts as Markdown: file names and values in it may look like some. Lines
 * that begin with a hyphen become a list.
 */
function messageAsHtml(message: string): string {
  let html = "";
  let inList = false;
  // An empty line would end the HTML, and to Markdown a carriage return ends a line too.
  for (const line of message.split(/[\r\n]/).filter((line) => line.trim() !== "")) {
    const [, item] = /^\s*- (.*)$/.exec(line) ?? [];
    if (inList !== (item !== undefined)) html += inList ? "</ul>" : "<ul>";
    inList = item !== undefined;
    html += item === undefined ? `<p>${escaped(line.trim())}</p>` : `<li>${escaped(item)}</li>`;
  }
  return inList ? `${html}</ul>` : html;
}

function aliasTable(aliases: readonly AliasReport[]): string {
  const rows = aliases.map(({ tag, outcome, reason }) => `| ${codeOf(tag)} | ${reason ?? outcome} |`);
  return ["| Alias | Outcome |", "| --- | --- |", ...rows].join("\n");
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function linked(text: string, address: string | undefined): string {
  return address === undefined ? text : `[${text}](${address})`;
}

function codeOf(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
