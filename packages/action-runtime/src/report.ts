import { appendFile } from "node:fs/promises";
import { info, setOutput, summary } from "@actions/core";
import { formatReference } from "@spin-publisher/oci";
import type { Built } from "./built.ts";
import { formatBytes } from "./format-bytes.ts";
import { linksOf } from "./links.ts";
import type { Occasion, Report } from "./occasion.ts";
import { reportDocument } from "./report-document.ts";
import { publicationSummary } from "./summary.ts";

/** Writes the outputs, the job summary and, for `actions/attest`, the reference with its digest. */
export async function reportDone(report: Report, built: Built, occasion: Occasion): Promise<void> {
  const { what, repository, event, seconds, usage } = occasion;
  const outcome = outcomeOf(report);
  info(`${outcome}: ${report.reference}`);
  for (const { tag, outcome, reason } of report.aliases) info(`  alias ${tag}: ${reason ?? outcome}`);
  info(`  ${formatBytes(report.uploadedBytes)} uploaded in ${seconds.toFixed(2)} s`);
  if (report.layout !== "") info(`  OCI layout: ${report.layout}`);

  const outputs = {
    reference: report.reference,
    repository: formatReference(repository),
    digest: report.digest,
    tag: report.tag,
    changed: String(report.changed),
    "would-be-refused": String(report.refusal !== undefined),
    "uploaded-bytes": String(report.uploadedBytes),
    layout: report.layout,
    signature: report.signature,
    report: await reportDocument(report, built, occasion),
    ...built.outputs,
  };
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
  if (report.layout === "") await offerForAttestation(report);

  if (!process.env.GITHUB_STEP_SUMMARY) return;
  const { reference, uploadedBytes, aliases, refusal } = report;
  const text = publicationSummary({
    what,
    outcome: outcome.toLowerCase(),
    reference,
    uploadedBytes,
    seconds,
    aliases,
    usage,
    refusal,
    name: formatReference({ ...repository, tag: report.tag }),
    links: linksOf(event, repository),
    details: await built.summary,
  });
  await summary.addRaw(text).write();
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
