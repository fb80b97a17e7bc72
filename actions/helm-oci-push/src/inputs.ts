import {
  choice,
  type PublishingInputs,
  pairs,
  readPublishingInputs,
  requiredText,
  sourceDate,
  text,
  workspaceFolder,
} from "@spin-publisher/action-runtime";
import { parseRepository, type Repository } from "@spin-publisher/oci";
import type { ChartRecord } from "./artifact/chart-artifact.ts";
import type { ChartInputs } from "./chart/read-chart.ts";
import type { LintMode } from "./lint/helm.ts";

/** What the user and the runner ask for, read once. */
export interface ChartRequest {
  readonly publishing: PublishingInputs;
  readonly chart: ChartInputs;
  /** Where charts are published, without the chart's name. */
  readonly repository: string;
  readonly lint: LintMode;
  readonly record: ChartRecord;
}

/** @throws Error naming the input that is missing or malformed. */
export async function readInputs(): Promise<ChartRequest> {
  const publishing = await readPublishingInputs();
  const { event, annotations } = publishing;
  return {
    publishing,
    chart: {
      folder: requiredText("chart"),
      workspace: workspaceFolder(),
      version: text("version"),
      appVersion: text("app-version"),
      values: pairs("values"),
    },
    // GitHub allows capitals in an owner's name, a registry does not.
    repository: requiredText("repository").replace(/\/+$/, "").toLowerCase(),
    lint: choice("lint", ["auto", "required", "off"]),
    record: {
      source: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
      created: sourceDate(),
      annotations,
    },
  };
}

/** Where the chart of that name is published. @throws Error when the input `repository` is malformed. */
export function chartRepository({ repository }: ChartRequest, name: string): Repository {
  return parseRepository(`${repository}/${name}`);
}
