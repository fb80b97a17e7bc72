import { appendFile } from "node:fs/promises";
import { debug, info, setOutput, summary } from "@actions/core";
import type { PublishEvent, PublishReport } from "@spin-publisher/oci";
import type { Built } from "./built.ts";

/** The result of a publishing action, or in a dry run of what it would do. */
export type Report = Pick<
  PublishReport,
  "reference" | "digest" | "tag" | "changed" | "uploadedBytes" | "aliases"
> & {
  /** Folder of the OCI layout that a dry run left, empty otherwise. */
  readonly layout: string;
};

/** One log line for what a user should see at once; the rest shows with step debugging only. */
export function logEvent(event: PublishEvent): void {
  if (event.kind === "retry") {
    const seconds = (event.delayMilliseconds / 1000).toFixed(1);
    info(`  retrying in ${seconds} s: ${event.what}: ${event.because}`);
  } else debug(describeEvent(event));
}

function describeEvent(event: Exclude<PublishEvent, { kind: "retry" }>): string {
  switch (event.kind) {
    case "blob-uploaded":
      return `uploaded ${event.descriptor.digest} (${event.bytes} bytes)`;
    case "blob-mounted":
      return `mounted ${event.descriptor.digest} from ${event.from.name}`;
    case "blob-present":
      return `already present: ${event.descriptor.digest}`;
    case "manifest-written":
      return `wrote manifest ${event.digest}${event.tag === undefined ? "" : ` to ${event.tag}`}`;
  }
}

/** Writes the outputs, the job summary and, for `actions/attest`, the reference with its digest. */
export async function reportDone(what: string, report: Report, built: Built, seconds: number): Promise<void> {
  const outcome = outcomeOf(report);
  info(`${outcome}: ${report.reference}`);
  for (const { tag, outcome, reason } of report.aliases) info(`  alias ${tag}: ${reason ?? outcome}`);
  info(`  ${formatBytes(report.uploadedBytes)} uploaded in ${seconds.toFixed(2)} s`);
  if (report.layout !== "") info(`  OCI layout: ${report.layout}`);

  const outputs = {
    reference: report.reference,
    digest: report.digest,
    tag: report.tag,
    changed: String(report.changed),
    "uploaded-bytes": String(report.uploadedBytes),
    layout: report.layout,
    ...built.outputs,
  };
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
  if (report.layout === "") await offerForAttestation(report);

  if (process.env.GITHUB_STEP_SUMMARY === undefined) return;
  summary
    .addHeading(`${what[0]?.toUpperCase()}${what.slice(1)}: ${outcome.toLowerCase()}`, 3)
    .addTable([
      ["Reference", code(report.reference)],
      ["Uploaded", formatBytes(report.uploadedBytes)],
      ...report.aliases.map(({ tag, outcome, reason }) => [`Alias ${tag}`, reason ?? outcome]),
    ]);
  if (built.summary !== undefined) summary.addRaw(`\n${await built.summary}\n`);
  await summary.write();
}

function outcomeOf({ changed, layout }: Report): string {
  if (layout !== "") return "Built, not published";
  return changed ? "Published" : "Unchanged";
}

/**
 * Lines in `GITHUB_ARTIFACTS` let a later `actions/attest` find its subjects without inputs (runner 2.336 and newer).
 */
async function offerForAttestation({ reference }: Report): Promise<void> {
  const file = process.env.GITHUB_ARTIFACTS;
  if (file !== undefined && file !== "") await appendFile(file, `oci://${reference}\n`);
}

function code(text: string): string {
  return `<code>${text.replace(/&/g, "&amp;").replace(/</g, "&lt;")}</code>`;
}

/** `0 B`, `812 B`, `12.3 KiB`, `4.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const exponent = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** exponent).toFixed(1)} ${["B", "KiB", "MiB", "GiB"][exponent]}`;
}
