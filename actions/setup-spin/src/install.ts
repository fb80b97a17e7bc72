import type { Fetch, Retry } from "@spin-publisher/http";
import type { ReleaseAccess, Target } from "@spin-publisher/spin-release";
import type { Request } from "./inputs.ts";
import { addPlugins, type InstalledPlugins, type PluginEvent } from "./plugins/add-plugins.ts";
import type { Plugin } from "./plugins/parse-plugins.ts";
import { putIntoBindir } from "./tool/bindir.ts";
import { type InstalledRelease, installRelease, type ToolEvent } from "./tool/install-release.ts";
import { describeTarget } from "./tool/platform.ts";
import { findInstalled, installedVersions, type Tool } from "./tool/tool-cache.ts";
import { chooseRelease } from "./version/choose-release.ts";
import { requestedVersion } from "./version/requested-version.ts";

/** What happens on the way, for the log. */
export type InstallEvent =
  | ToolEvent
  | PluginEvent
  | { readonly kind: "version-file-ignored"; readonly version: string; readonly file: string }
  | { readonly kind: "release-chosen"; readonly version: string; readonly source: string }
  | ({ readonly kind: "retry" } & Retry);

export interface Dependencies {
  readonly fetch: Fetch;
  /** Whether this machine can start what was built for a target. */
  readonly startsHere: (target: Target) => boolean;
  /** The environment that Spin runs in, and `process.platform`. */
  readonly environment: NodeJS.ProcessEnv;
  readonly platform: string;
  readonly onEvent: (event: InstallEvent) => void;
}

/** The folder of `tool` belongs on PATH. */
export interface Installed extends InstalledRelease, InstalledPlugins {
  /** Which input or file asked for the version, and who answered: `version: latest, GitHub API`. */
  readonly source: string;
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

  const choose = async (installed: readonly string[]) => {
    const chosen = await chooseRelease(requested, installed, access);
    const { version } = chosen.release;
    onEvent({ kind: "release-chosen", version, source: chosen.source });
    const found = await findInstalled(version, targets, startsHere, (rejected) =>
      onEvent({ kind: "tool-rejected", ...rejected }),
    );
    return { ...chosen, found };
  };
  const cached = request.checkLatest ? [] : installedVersions(targets);
  const first = await choose(cached);
  // What the tool cache has decides which version satisfies a range only if it is usable.
  const { release, source, found } =
    first.found === undefined && first.fromToolCache ? await choose([]) : first;
  if (found !== undefined) onEvent({ kind: "in-tool-cache", target: found.target });
  const installed =
    found === undefined
      ? await installRelease(release, access, request, dependencies)
      : { tool: found, cacheHit: true, integrity: verifiedEarlier, keep: undefined };

  const tool = await inBindir(installed.tool, request.bindir, startsHere);
  const added = await addPlugins(plugins, tool.binary, request.temp, dependencies);
  return { ...installed, ...added, tool, source };
}

const verifiedEarlier = "verified when it was put into the tool cache";

/** A copy in `bindir`, where that is set and Spin is not there yet. */
async function inBindir(
  tool: Tool,
  bindir: string | undefined,
  startsHere: Dependencies["startsHere"],
): Promise<Tool> {
  if (bindir === undefined || tool.folder === bindir) return tool;
  const { binary: source, version, target } = tool;
  return await putIntoBindir({ source, version, starts: startsHere(target) }, target, bindir);
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
