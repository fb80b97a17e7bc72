import { realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { errorCode, LocatedError, whyUnreadable } from "@spin-publisher/errors";

/** The folders of the job in which charts may be. */
export interface Roots {
  /** The checkout. */
  readonly workspace: string;
  /** RUNNER_TEMP, for charts that an earlier step generated; undefined to accept none there. */
  readonly temporary?: string | undefined;
}

/** A chart's folder, and the folder that links and `file://` dependencies must not leave; both without links. */
export interface ChartFolder {
  readonly root: string;
  readonly boundary: string;
}

/**
 * Resolves a chart's folder, whatever links lead to it, and checks that it is in the checkout or in RUNNER_TEMP.
 *
 * In RUNNER_TEMP the boundary is the folder directly below it that contains the chart: beside that are files of other
 * steps, such as the credentials of actions/checkout.
 *
 * @throws Error when it does not exist, cannot be read, is a file, or is elsewhere.
 */
export async function resolveChartFolder(
  folder: string,
  { workspace, temporary }: Roots,
): Promise<ChartFolder> {
  const root = await realpath(folder).catch((cause: unknown) => {
    if (errorCode(cause) === "EACCES") throw unreadable(`The chart folder "${folder}"`, cause);
    throw new Error(`The chart folder "${folder}" does not exist; set the input "chart" to it.`, { cause });
  });
  const boundary = await boundaryOf(root, workspace, temporary);
  if (boundary === undefined) {
    throw new Error(
      `The chart folder "${folder}" is outside the workspace, or is a link that leads out of it; set the input "chart" to a folder in the checkout, or in a folder of RUNNER_TEMP.`,
    );
  }
  if (!(await stat(root)).isDirectory()) {
    throw new LocatedError(
      `The chart "${folder}" is a file; set the input "chart" to the folder that holds Chart.yaml.`,
      { file: folder },
    );
  }
  return { root, boundary };
}

async function boundaryOf(root: string, workspace: string, temporary = ""): Promise<string | undefined> {
  const checkout = await realpath(workspace).catch((cause: unknown) => {
    throw unreadable(`The workspace "${workspace}"`, cause);
  });
  if (isInside(checkout, root)) return checkout;
  const place = temporary === "" ? undefined : await realpath(temporary).catch(() => undefined);
  if (place === undefined || root === place || !isInside(place, root)) return undefined;
  return join(place, relative(place, root).split(sep)[0] ?? "");
}

/**
 * Whether a path is in a folder, or is the folder itself. What is in .git counts as outside: actions/checkout may keep
 * the job's token there.
 */
export function isInside(folder: string, path: string): boolean {
  const below = relative(folder, path);
  const names = below.split(sep);
  return names[0] !== ".." && !names.includes(".git") && resolve(below) !== below;
}

/** @param what how the message names the path, at the beginning of a sentence. */
export function unreadable(what: string, cause: unknown): Error {
  return new Error(`${what} ${whyUnreadable(cause, "the chart")}.`, { cause });
}
