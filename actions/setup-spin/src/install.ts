import type { Fetch, Retry } from "@spin-publisher/http";
import type { ReleaseAccess, Target } from "@spin-publisher/spin-release";
import type { Request } from "./inputs.ts";
import { installPlugins } from "./plugins/install-plugins.ts";
import type { Plugin } from "./plugins/parse-plugins.ts";
import { runSpin } from "./plugins/run-spin.ts";
import { placeInFolder } from "./tool/bindir.ts";
import { type InstalledRelease, installRelease, type ToolEvent } from "./tool/install-release.ts";
import { describeTarget } from "./tool/platform.ts";
import { findInstalled, installedVersions } from "./tool/tool-cache.ts";
import { chooseRelease } from "./version/choose-release.ts";
import { requestedVersion } from "./version/requested-version.ts";

/** What happens on the way, for the log. */
export type InstallEvent =
  | ToolEvent
  | { readonly kind: "version-file-ignored"; readonly version: string; readonly file: string }
  | { readonly kind: "release-chosen"; readonly version: string; readonly source: string }
  | ({ readonly kind: "retry" } & Retry)
  | ({ readonly kind: "plugin-installed" } & Required<Plugin>);

export interface Dependencies {
  readonly fetch: Fetch;
  /** Whether this machine can start what was built for a target. */
  readonly startsHere: (target: Target) => boolean;
  readonly onEvent: (event: InstallEvent) => void;
}

/** The folder of `tool` belongs on PATH. */
export interface Installed extends InstalledRelease {
  /** Which input or file asked for the version, and who answered: `version: latest, GitHub API`. */
  readonly source: string;
  readonly plugins: readonly Required<Plugin>[];
}

/** Installs the requested Spin, verified, and its plugins. */
export async function install(request: Request, dependencies: Dependencies): Promise<Installed> {
  const { targets, plugins } = request;
  const { onEvent, startsHere } = dependencies;
  requireStart(plugins, targets, startsHere);
  const access = accessTo(request, dependencies);
  const requested = await requestedVersion(request);
  if (requested.ignoredFile !== undefined)
    onEvent({ kind: "version-file-ignored", version: request.version, file: requested.ignoredFile });

  const cached = () => (request.checkLatest ? [] : installedVersions(targets));
  const { release, source } = await chooseRelease(requested, cached, access);
  onEvent({ kind: "release-chosen", version: release.version, source });
  const found = await findInstalled(release.version, targets, startsHere);
  if (found !== undefined) onEvent({ kind: "in-tool-cache", target: found.target });
  const installed =
    found === undefined
      ? await installRelease(release, access, request, dependencies)
      : {
          tool: found,
          cacheHit: true,
          integrity: "verified when it was put into the tool cache",
          keep: undefined,
        };

  const tool =
    request.bindir === ""
      ? installed.tool
      : await placeInFolder(installed.tool, request.bindir, request.workspace);
  const ready = plugins.length === 0 ? [] : await installPlugins(plugins, runSpin(tool.binary));
  for (const plugin of ready) onEvent({ kind: "plugin-installed", ...plugin });
  return { ...installed, tool, source, plugins: ready };
}

function accessTo({ host, token }: Request, { fetch, onEvent }: Dependencies): ReleaseAccess {
  return { fetch, host, token, onRetry: (retry) => onEvent({ kind: "retry", ...retry }) };
}

/** @throws Error when there are plugins to install, but Spin cannot start here to install them. */
function requireStart(
  plugins: readonly Plugin[],
  targets: readonly Target[],
  startsHere: Dependencies["startsHere"],
): void {
  const foreign = targets.find((target) => !startsHere(target));
  if (plugins.length === 0 || foreign === undefined) return;
  throw new Error(
    `Spin itself installs plugins, and Spin for ${describeTarget(foreign)} does not start on this runner. Remove the input "plugins" or "arch".`,
  );
}
