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
import type { ChartRecord } from "./artifact/chart-artifact.ts";
import type { ChartInputs } from "./chart/read-chart.ts";
import type { LintMode } from "./lint/helm.ts";

/** What the user and the runner say, read once. */
export interface Inputs {
  readonly publishing: PublishingInputs;
  readonly chart: ChartInputs;
  /** Where charts go, without the chart's name. */
  readonly repository: string;
  readonly lint: LintMode;
  readonly record: ChartRecord;
}

export async function readInputs(): Promise<Inputs> {
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
    // Owners on GitHub can have capitals, repositories in a registry cannot.
    repository: requiredText("repository").replace(/\/+$/, "").toLowerCase(),
    lint: choice("lint", ["auto", "required", "off"]),
    record: {
      source: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
      created: sourceDate(),
      annotations,
    },
  };
}
