import { setSecret } from "@actions/core";
import { choice, flag, temporaryRoot, text, workspaceFolder } from "@spin-publisher/action-runtime";
import type { CacheCircumstances } from "./tool/cache-policy.ts";
import { parseArchitecture, parseSystem, type Runner } from "./tool/platform.ts";

/** What the user and the runner say, read once. */
export interface Inputs {
  readonly version: string;
  readonly versionFile: string;
  readonly checkLatest: boolean;
  readonly architecture: string;
  readonly token: string;
  readonly mirror: string;
  readonly bindir: string;
  readonly plugins: string;
  readonly cache: CacheCircumstances;
  readonly runner: Runner;
  /** Folder for what must not outlive the job. */
  readonly temp: string;
  /** The checkout; relative paths start here. */
  readonly workspace: string;
}

/** @throws Error when an input has none of its values, or the runner is of a kind that Spin is not released for. */
export function readInputs(): Inputs {
  const token = text("token");
  if (token !== "") setSecret(token);
  return {
    version: text("version"),
    versionFile: text("version-file"),
    checkLatest: flag("check-latest"),
    architecture: text("arch"),
    token,
    mirror: text("mirror"),
    bindir: text("bindir"),
    plugins: text("plugins"),
    cache: {
      input: choice("cache", ["auto", "true", "false"]),
      event: process.env.GITHUB_EVENT_NAME ?? "",
      ref: process.env.GITHUB_REF ?? "",
      environment: process.env.RUNNER_ENVIRONMENT ?? "",
      mode: process.env.ACTIONS_CACHE_MODE?.trim().toLowerCase() ?? "",
      available: Boolean(process.env.ACTIONS_RESULTS_URL || process.env.ACTIONS_CACHE_URL),
    },
    runner: {
      system: parseSystem(process.env.RUNNER_OS || process.platform),
      architecture: parseArchitecture(process.env.RUNNER_ARCH || process.arch),
      glibc: glibcVersion(),
    },
    temp: temporaryRoot(),
    workspace: workspaceFolder(),
  };
}

/** Node asks the C library that it was linked with; a Node for musl, or another system, has no answer. */
function glibcVersion(): string | undefined {
  if (process.platform !== "linux") return undefined;
  Object.assign(process.report, { excludeNetwork: true }); // it would look up a name for every connection
  const report: unknown = process.report.getReport();
  const header =
    typeof report === "object" && report !== null && "header" in report ? report.header : undefined;
  const version =
    typeof header === "object" && header !== null && "glibcVersionRuntime" in header
      ? header.glibcVersionRuntime
      : undefined;
  return typeof version === "string" ? version : undefined;
}
