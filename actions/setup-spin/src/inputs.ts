import { homedir } from "node:os";
import { resolve } from "node:path";
import { choice, flag, temporaryRoot, text, workspaceFolder } from "@spin-publisher/action-runtime";
import { isObject } from "@spin-publisher/json";
import { gitHub, mirrorAt, type ReleaseHost, type Target } from "@spin-publisher/spin-release";
import { type Plugin, parsePlugins } from "./plugins/parse-plugins.ts";
import type { CacheCircumstances } from "./tool/cache-policy.ts";
import type { Places } from "./tool/install-binary.ts";
import { parseArchitecture, parseSystem, targetsFor } from "./tool/platform.ts";
import type { VersionInputs } from "./version/requested-version.ts";

/** What the user asks for, and where. */
export interface Request extends VersionInputs, Places {
  /** Whether a range asks for the newest release even if the tool cache has one that satisfies it. */
  readonly checkLatest: boolean;
  /** What to install for, in order of preference. */
  readonly targets: readonly Target[];
  readonly host: ReleaseHost;
  readonly token: string;
  readonly plugins: readonly Plugin[];
  readonly cache: CacheCircumstances;
}

/** @throws Error when an input has a value that it does not allow, or when Spin is not released for the runner. */
export function readInputs(environment: NodeJS.ProcessEnv): Request {
  const mirror = text("mirror");
  const workspace = workspaceFolder(environment);
  return {
    version: text("version"),
    versionFile: text("version-file"),
    workspace,
    checkLatest: flag("check-latest"),
    targets: targetsFor(text("arch"), {
      system: parseSystem(environment.RUNNER_OS || process.platform),
      architecture: parseArchitecture(environment.RUNNER_ARCH || process.arch),
      glibc: glibcVersion(),
    }),
    host: mirror === "" ? gitHub : mirrorAt(mirror),
    token: text("token"),
    toolCache: environment.RUNNER_TOOL_CACHE || undefined,
    bindir: bindirFrom(text("bindir"), workspace, homeFolder()),
    plugins: parsePlugins(text("plugins")),
    cache: {
      input: choice("cache", ["auto", "true", "false"]),
      event: environment.GITHUB_EVENT_NAME ?? "",
      ref: environment.GITHUB_REF ?? "",
      environment: environment.RUNNER_ENVIRONMENT ?? "",
      mode: environment.ACTIONS_CACHE_MODE?.trim().toLowerCase() ?? "",
      available: Boolean(environment.ACTIONS_RESULTS_URL || environment.ACTIONS_CACHE_URL),
    },
    temp: temporaryRoot(environment),
  };
}

/**
 * The folder of the input `bindir`, which is relative to the checkout, or below `~/`.
 *
 * @param home undefined where the job's user has none.
 * @throws Error when it is below the home folder, and there is none.
 */
export function bindirFrom(input: string, workspace: string, home: string | undefined): string | undefined {
  if (input === "") return undefined;
  if (!/^~(?=$|[/\\])/.test(input)) return resolve(workspace, input);
  if (home !== undefined) return resolve(home, `.${input.slice(1)}`);
  throw new Error(
    `Input "bindir" is "${input}", but this job's user has no home folder. Set HOME, or give an absolute path.`,
  );
}

/** A job in a container may run as a user whom the system does not know. */
function homeFolder(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/** Node asks the C library that it was linked with; undefined for a Node built for musl, or for another system. */
function glibcVersion(): string | undefined {
  if (process.platform !== "linux") return undefined;
  Object.assign(process.report, { excludeNetwork: true }); // it would look up a name for every connection
  const report: unknown = process.report.getReport();
  const header = isObject(report) && isObject(report.header) ? report.header : {};
  return typeof header.glibcVersionRuntime === "string" ? header.glibcVersionRuntime : undefined;
}
