import { formatBytes } from "@spin-publisher/action-runtime";
import type { InstallEvent, Installed } from "./install.ts";
import { describeTarget } from "./tool/platform.ts";

/** A line of the log; a notice or a warning becomes an annotation too. */
export interface LogLine {
  readonly level: "info" | "notice" | "warning";
  readonly message: string;
}

const info = (message: string): LogLine => ({ level: "info", message });
const notice = (message: string): LogLine => ({ level: "notice", message });
const warning = (message: string): LogLine => ({ level: "warning", message });

/** What the log says about an event. */
export function describeEvent(event: InstallEvent): LogLine {
  switch (event.kind) {
    case "version-file-ignored":
      return warning(
        `Both version (${event.version}) and version-file (${event.file}) are set; ${event.version} is installed. Remove one of them.`,
      );
    case "release-chosen":
      return info(`Spin ${event.version} (${event.source})`);
    case "retry":
      return info(`  trying again in ${(event.delayMilliseconds / 1000).toFixed(1)} s: ${event.because}`);
    case "in-tool-cache":
      return info(`  found in the tool cache for ${describeTarget(event.target)}`);
    case "tool-rejected":
      return warning(
        `"${event.path}" in the tool cache is not usable: ${event.because}. Spin is fetched again and put in its place.`,
      );
    case "tool-cache-skipped":
      return info(`  tool cache not used (${event.because}); installing in "${event.folder}" for this job`);
    case "cache-skipped":
      return info(`  Actions cache not used: ${event.because}`);
    case "cache-unreadable":
      return warning(`The Actions cache could not be read: ${event.because}`);
    case "cache-unwritable":
      return warning(`Spin was not saved to the Actions cache: ${event.because}`);
    case "cache-mismatch":
      return warning(
        `The entry ${event.key} in the Actions cache is not the released archive, so it was downloaded instead. Delete the entry (gh cache delete ${event.key}) and find out who wrote it.`,
      );
    case "archive-ready":
      return info(
        `  ${event.restored ? "restored" : "downloaded"} ${event.name} (${formatBytes(event.bytes)})`,
      );
    case "archive-verified":
      return info(`  ${event.integrity}`);
    case "signature-unverified":
      return notice(
        `Spin ${event.version}: signature not verified: ${event.because}. Its SHA-256 matches the release's checksums file.`,
      );
    case "installed":
      return info(
        `  installed for ${describeTarget(event.target)}${event.started ? "" : "; not started, because it is for another machine"}`,
      );
    case "data-folder-replaced":
      return info(
        `  Spin's data folder not used (${event.because}); plugins go to "${event.folder}" (SPIN_DATA_DIR)`,
      );
    case "plugin-installed":
      return info(`  plugin ${event.name} ${event.version}`);
  }
}

/** Writes what the log says about events. */
export function logTo(log: Readonly<Record<LogLine["level"], (message: string) => void>>) {
  return (event: InstallEvent): void => {
    const { level, message } = describeEvent(event);
    log[level](message);
  };
}

type Pairs = Iterable<readonly [name: string, value: string]>;

/** The outputs that action.yml declares. */
export function outputsOf({ tool, cacheHit, source }: Installed): Pairs {
  return [
    ["version", tool.version],
    ["arch", tool.target.architecture],
    ["path", tool.binary],
    ["cache-hit", String(cacheHit)],
    ["source", source],
  ];
}

/** Environment variables for later steps. */
export function variablesOf({ dataFolder }: Installed): Pairs {
  return dataFolder === undefined ? [] : [["SPIN_DATA_DIR", dataFolder]];
}

/** What the post step needs. */
export function stateOf({ keep }: Installed): Pairs {
  if (keep === undefined) return [];
  return [
    ["cache-key", keep.key],
    ["cache-path", keep.path],
    ["cache-patience", String(keep.patience)],
  ];
}

/** The line of the job summary, as Markdown. */
export function summaryOf({ tool, source, integrity, plugins }: Installed): string {
  const withPlugins = plugins.map(({ name, version }) => `, plugin ${name} ${version}`).join("");
  const line = `Spin ${tool.version} for ${describeTarget(tool.target)} (${source}): ${integrity}${withPlugins}`;
  return line.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}
