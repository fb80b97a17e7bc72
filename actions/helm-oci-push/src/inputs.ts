import { join } from "node:path";
import {
  choice,
  fillPlaceholders,
  flag,
  type GitHubEvent,
  lines,
  type PublishingInputs,
  pairs,
  placeholdersOf,
  readPublishingInputs,
  repositoryInput,
  requiredSignature,
  requiredText,
  sourceDate,
  temporaryRoot,
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
  /** Demands a signature of dependencies from registries. */
  readonly verifyDependencies: ReturnType<typeof requiredSignature>;
  /** References that must exist before the chart is published; they may hold placeholders. */
  readonly requires: readonly string[];
  /** How long to wait for them. */
  readonly patienceMilliseconds: number;
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
      roots: { workspace: workspaceFolder(), temporary: temporaryRoot() },
      lfsPointers: flag("allow-lfs-pointers"),
      version: text("version"),
      appVersion: text("app-version"),
      values: filled(pairs("values"), placeholdersOf(event)),
    },
    repository: parentRepository(event),
    verifyDependencies: requiredSignature("verify-dependencies"),
    lint: choice("lint", ["auto", "required", "off"]),
    requires: lines("requires"),
    patienceMilliseconds: minutes("requires-timeout") * 60_000,
    record: {
      source: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
      created: sourceDate(),
      annotations,
    },
  };
}

/** @throws Error when it starts with `oci://`, which Helm wants and other clients do not. */
function parentRepository(event: GitHubEvent): string {
  const given = repositoryInput("repository", event, "/charts");
  if (!given.startsWith("oci://")) return given;
  throw new Error(`Input "repository" is "${text("repository")}"; leave out "oci://".`);
}

/** Where the version comes from, as the beginning of a clause. */
export function versionSource({ chart: { version, folder } }: ChartRequest): string {
  return version === "" ? `${join(folder, "Chart.yaml")} has the version` : 'the input "version" is';
}

/** Where the chart of that name is published. @throws Error when the input `repository` is malformed. */
export function chartRepository({ repository }: ChartRequest, name: string): Repository {
  return parseRepository(`${repository}/${name}`);
}

/** `{registry}` and `{repository}` in values: what a chart installs is named after the repository it comes from. */
function filled(
  values: Readonly<Record<string, string>>,
  placeholders: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([path, value]) => [path, fillPlaceholders(value, placeholders)]),
  );
}

/** @throws Error when the input is not a number of minutes, at most 60. */
function minutes(name: string): number {
  const given = text(name);
  const value = Number(given);
  if (/^\d+$/.test(given) && value <= 60) return value;
  throw new Error(`Input "${name}" must be a number of minutes, at most 60, but it is "${given}".`);
}
