import { formatReference } from "@spin-publisher/oci";
import type { Built } from "./built.ts";
import { linksOf } from "./links.ts";
import type { Occasion, Report } from "./occasion.ts";

/** Outputs are limited to 1 MiB for a whole job, and nobody reads more lines than this. */
const mostDifferences = 100;

/**
 * The output `report`: one line of JSON about a publication, from which the workflows make one page of a whole run
 * (`.github/actions/page`).
 */
export async function reportDocument(report: Report, built: Built, occasion: Occasion): Promise<string> {
  const { what, repository, event, usage } = occasion;
  // A version before that cannot be read must not fail a publication that is done.
  const changes = await (built.changes ?? Promise.resolve([])).catch(() => []);
  const differences = report.refusal === undefined ? changes : itemsOf(report.refusal);
  return JSON.stringify({
    kind: what,
    reference: report.reference,
    repository: formatReference(repository),
    tag: report.tag,
    digest: report.digest,
    changed: report.changed,
    dryRun: report.layout !== "",
    wouldBeRefused: report.refusal !== undefined,
    uploadedBytes: report.uploadedBytes,
    differences: differences.slice(0, mostDifferences),
    page: linksOf(event, repository).package ?? "",
    commands: usage === undefined ? [] : usage.split("\n"),
  });
}

/** The differences that a refusal lists. */
function itemsOf(refusal: string): readonly string[] {
  return refusal.split("\n").flatMap((line) => /^ {2}- (.*)$/.exec(line)?.[1] ?? []);
}
