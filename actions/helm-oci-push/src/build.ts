import {
  type Built,
  fillPlaceholders,
  type Material,
  placeholdersOf,
  type SignatureCheck,
} from "@spin-publisher/action-runtime";
import { messageOf } from "@spin-publisher/errors";
import type { Fetch } from "@spin-publisher/http";
import { isDigest, type RegistryReader, type TargetState } from "@spin-publisher/oci";
import { chooseArtifact } from "./artifact/choose-artifact.ts";
import { packChart } from "./artifact/pack-chart.ts";
import type { ReadChart } from "./chart/read-chart.ts";
import type { ChartRequest } from "./inputs.ts";
import { lint } from "./lint/lint.ts";
import { nameTwice, summarise } from "./report.ts";
import { waitForReferences } from "./required-references.ts";

/**
 * A chart has no alias by which an earlier version is known, so a new one would be asked for before it is sent. Almost
 * every chart takes no longer to send than that question.
 */
const unaskedBytes = 256 << 10;

/** What building a chart needs from outside. */
export interface Dependencies {
  readonly fetch: Fetch;
  readonly reader: RegistryReader;
  /** Throws unless a dependency is signed as demanded. */
  readonly verify?: SignatureCheck | undefined;
  /** What the registry holds; it is being asked meanwhile. */
  readonly state: Promise<TargetState>;
  /** Milliseconds, from any start. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly log: Readonly<Record<"info" | "notice" | "warning", (message: string) => void>>;
}

/**
 * The artifact of a chart: its dependencies fetched, packaged, linted, and compared with what the tag holds now.
 *
 * @throws Error when a dependency cannot be fetched, or the chart does not pass lint.
 */
export async function buildChart(
  { chart: read, document }: ReadChart,
  request: ChartRequest,
  { fetch, reader, verify, state, log, now, sleep }: Dependencies,
): Promise<Built> {
  const { lint: mode, record, requires, patienceMilliseconds } = request;
  const { folder, roots, lfsPointers } = request.chart;
  const { event, immutable, dryRun } = request.publishing;
  const packed = await packChart(read, folder, { fetch, reader, verify, roots, options: { lfsPointers } });
  for (const { name, version, from } of packed.resolved) log.info(`${name} ${version} from ${from}`);
  const findings = await lint(packed.chart, document, packed.archive, { mode, folder });
  for (const { severity, message } of findings) log[severity](message);
  const { target, existing } = await state;
  const { name, version, appVersion } = packed.chart.metadata;
  const references = requires.map((text) =>
    fillPlaceholders(text, { ...placeholdersOf(event), "app-version": appVersion }),
  );
  // A dry run looks once and says what it finds; the image may well be built by another step of it.
  const waiting = { reader, now, sleep, tell: log.info };
  await waitForReferences(references, dryRun ? 0 : patienceMilliseconds, waiting).catch((error: unknown) => {
    if (!dryRun) throw error;
    log.warning(messageOf(error));
  });
  const { repository } = target;
  if (request.repository.endsWith(`/${name}`)) log.warning(nameTwice(request.repository, name));
  const { keptAppVersion, ...chosen } = await chooseArtifact(packed, record, {
    repository,
    existing,
    immutable,
    dryRun,
    reader,
  });
  if (keptAppVersion !== undefined) {
    log.notice(
      `Chart ${version} is published and stays as it is: it installs ${keptAppVersion} by default, and ${appVersion} where image.tag says so. Raise the chart's version to release one that installs ${appVersion}.`,
    );
  }
  return {
    ...chosen,
    unaskedBytes,
    materials: packed.resolved.flatMap(({ from }) => materialFrom(from)),
    outputs: { name, version, "app-version": appVersion },
    summary: summarise(packed),
  };
}

/** What came from outside, as `address@digest`; what is in the chart's folder is part of the commit. */
function materialFrom(from: string): readonly Material[] {
  const [, uri = "", digest = ""] = /^(.+)@(sha256:[0-9a-f]{64})$/.exec(from) ?? [];
  return isDigest(digest) ? [{ uri: uri.includes("://") ? uri : `oci://${uri}`, digest }] : [];
}
