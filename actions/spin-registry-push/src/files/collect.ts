import { errorCode, whyUnreadable } from "@spin-publisher/errors";
import { ManifestError } from "../manifest/error.ts";
import type { Component, FileEntry } from "../manifest/model.ts";
import type { ManifestWarning } from "../manifest/warnings.ts";
import type { ApplicationFolder } from "./boundary.ts";
import { createExclusions } from "./exclusions.ts";
import type { Nothing } from "./nothing-found.ts";
import { MissingPath, type ResolvedEntry, resolveEntry } from "./resolve-entry.ts";
import type { FoundFile } from "./walk.ts";

/** A file of a component and where the component sees it. */
export interface CollectedFile extends FoundFile {
  /** Below the component's root, `/`-separated. */
  readonly destination: string;
  /** Line of the entry that it comes from. */
  readonly line: number;
}

export interface Collection {
  readonly files: readonly CollectedFile[];
  /** What the user may not have meant. */
  readonly warnings: readonly ManifestWarning[];
}

export interface CollectOptions {
  /** Whether the build commands were run, if there are any. */
  readonly built: boolean;
  /** Whether entries may stand for no file. */
  readonly allowEmptyFiles: boolean;
}

type Options = CollectOptions & {
  /** Whether any component has a build command: it may create the files of others. */
  readonly canBuild: boolean;
};

/**
 * The files of a component, in the order of its entries; the same destination may occur more than once.
 *
 * @throws ManifestError for entries that lead out of where they may, or are not patterns; unless `allowEmptyFiles`, also
 *   for a folder that does not exist, and for a component that lists files and gets none.
 */
export async function collectFiles(
  root: ApplicationFolder,
  component: Component,
  options: Options,
): Promise<Collection> {
  const { excludes, unused } = createExclusions(component);
  const files: CollectedFile[] = [];
  const warnings: ManifestWarning[] = [];
  const empty: { readonly entry: FileEntry; readonly nothing: Nothing }[] = [];
  for (const entry of component.files) {
    const { found, destinationOf, warning, nothing } = await resolved(
      entry,
      component,
      root,
      excludes,
      options,
    );
    files.push(
      ...found.map((file) => ({ ...file, destination: destinationOf(file.path), line: entry.line })),
    );
    if (warning !== undefined) warnings.push({ line: entry.line, text: warning });
    if (nothing !== undefined) empty.push({ entry, nothing });
  }
  for (const { entry, nothing } of empty) {
    const advice = (nothing.isMissing && buildAdvice(options)) || nothing.advice;
    const sentence = `${where(component)}, ${nameOf(entry)} matches nothing: ${nothing.reason}; ${advice}`;
    const isMistake = nothing.isMissing || files.length === 0;
    if (isMistake && !options.allowEmptyFiles) {
      throw new ManifestError(entry.line, `${sentence}, or set "allow-empty-files: true" if that is right`);
    }
    warnings.push({ line: entry.line, text: sentence });
  }
  // Templates of Spin bring exclude_files along for components without files.
  if (component.files.length > 0) warnings.push(...unused());
  warnings.push(...warnAboutGit(files));
  return { files, warnings };
}

async function resolved(
  entry: FileEntry,
  component: Component,
  root: ApplicationFolder,
  excludes: (path: string) => boolean,
  options: Options,
): Promise<ResolvedEntry> {
  try {
    return await resolveEntry(entry, root, excludes);
  } catch (error) {
    if (errorCode(error) !== undefined) {
      const reason = `something in the files of component "${component.id}" ${whyUnreadable(error)}`;
      throw new ManifestError(entry.line, reason, { cause: error });
    }
    if (!(error instanceof Error)) throw error;
    const advice = error instanceof MissingPath ? buildAdvice(options) : undefined;
    throw new ManifestError(
      entry.line,
      `${where(component)}, ${error.message}${advice === undefined ? "" : `; ${advice}`}`,
    );
  }
}

function where({ id }: Component): string {
  return `in the files of component "${id}"`;
}

function nameOf(entry: FileEntry): string {
  return `"${entry.kind === "pattern" ? entry.pattern : entry.source}"`;
}

/** What helps where something is missing that a build command may create. */
function buildAdvice({ canBuild, built }: Options): string | undefined {
  if (!canBuild) return undefined;
  return built ? "the build did not create it" : 'run the build first, or set "build: true"';
}

function warnAboutGit(files: readonly CollectedFile[]): readonly ManifestWarning[] {
  const repository = files.find(({ path }) => path.split("/").includes(".git"));
  if (repository === undefined) return [];
  const text = `"${repository.path}" is published, and what Git keeps may hold credentials; add exclude_files = [".git/**"]`;
  return [{ line: repository.line, text }];
}
