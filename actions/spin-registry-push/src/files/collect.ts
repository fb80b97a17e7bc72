import { posix } from "node:path";
import { errorCode, messageOf, whyUnreadable } from "@spin-publisher/errors";
import { ManifestError } from "../manifest/error.ts";
import type { Component, Exclusion, FileEntry } from "../manifest/model.ts";
import { type Glob, hasWildcards, matches, parseGlob } from "./glob.ts";
import { namesInside } from "./relative-path.ts";
import { type ApplicationFolder, type FoundFile, lookUp, parsePattern, walk } from "./walk.ts";

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
  readonly warnings: readonly string[];
}

/**
 * The files of a component, in the order of its entries; the same destination may occur more than once.
 *
 * @throws ManifestError for entries that name nothing, lead out of the application folder or are no patterns.
 */
export async function collectFiles(root: ApplicationFolder, component: Component): Promise<Collection> {
  const exclusions = component.excludeFiles.map(parseExclusion);
  const excluded = (path: string) => exclusions.some((glob) => matches(glob, path));
  const files: CollectedFile[] = [];
  const warnings: string[] = [];
  for (const entry of component.files) {
    try {
      const { found, destinationOf, warning } = await (entry.kind === "pattern"
        ? resolvePattern(entry, root, excluded)
        : resolveMapping(entry, root, excluded));
      files.push(
        ...found.map((file) => ({ ...file, destination: destinationOf(file.path), line: entry.line })),
      );
      if (warning !== undefined) warnings.push(warning);
    } catch (error) {
      const where = `the files of component "${component.id}"`;
      if (errorCode(error) !== undefined) {
        throw new ManifestError(entry.line, `something in ${where} ${whyUnreadable(error)}`, {
          cause: error,
        });
      }
      if (!(error instanceof Error)) throw error;
      throw new ManifestError(entry.line, `in ${where}, ${error.message}`);
    }
  }
  const repository = files.find(({ path }) => path.split("/").includes(".git"));
  if (repository !== undefined) {
    warnings.push(
      `"${repository.path}" is published, and what Git keeps may hold credentials; add exclude_files = [".git/**"]`,
    );
  }
  return { files, warnings };
}

interface Resolved {
  readonly found: readonly FoundFile[];
  readonly destinationOf: (path: string) => string;
  readonly warning?: string;
}

type Excluded = (path: string) => boolean;

function parseExclusion({ line, pattern }: Exclusion): Glob {
  try {
    return parseGlob(pattern);
  } catch (error) {
    throw new ManifestError(
      line,
      `exclude_files has "${pattern}", which is not a pattern: ${messageOf(error)}`,
    );
  }
}

/** `"content/**"`: an existing file or folder of exactly that name, otherwise a pattern. */
async function resolvePattern(
  { pattern }: Extract<FileEntry, { kind: "pattern" }>,
  root: ApplicationFolder,
  excluded: Excluded,
): Promise<Resolved> {
  if (/(?:^|\/)\.\.?$/.test(pattern)) {
    throw new Error(`"${pattern}" ends in "." or ".."; write "${pattern}/**/*" or the name of the folder`);
  }
  const names = insideOrRefused(pattern);
  const entry = await lookUp(names, root);
  if (entry.kind === "file") {
    const path = names.join("/");
    return { found: [{ path, location: entry.location }], destinationOf: () => path };
  }
  if (entry.kind === "folder") {
    const found = await walk(root, [...spelledOut(names), ...everything], excluded);
    return { found, destinationOf: (path) => posix.join(...names, path), ...warnAbout(names, pattern) };
  }
  if (!hasWildcards(pattern)) {
    throw new Error(`"${pattern}" does not exist and is not a pattern`);
  }
  // Only folders can match a pattern with a slash at its end, and folders are not published.
  const found = pattern.endsWith("/") ? [] : await walk(root, patternOrRefused(names, pattern), excluded);
  const whole = pattern === "*" || pattern === "**/*";
  return {
    found,
    destinationOf: (path) => path,
    ...(whole ? { warning: `"${pattern}" publishes everything in the application folder` } : {}),
  };
}

/** Matches every file at any depth. */
const everything = parsePattern(["**", "*"]);

function spelledOut(names: readonly string[]) {
  return names.map((name) => ({ kind: "name", name }) as const);
}

/** Spin appends the path from the application folder to the entry itself, so everything lands one level too deep. */
function warnAbout(names: readonly string[], pattern: string): Pick<Resolved, "warning"> {
  if (names.length === 0) return {};
  const folder = names.join("/");
  return {
    warning: `"${pattern}" puts its files at "${folder}/${folder}/…", as Spin does; write "${folder}/**/*" for "${folder}/…"`,
  };
}

/** `{ source, destination }`: a folder with everything below it, or one file under a new name. */
async function resolveMapping(
  { source, destination }: Extract<FileEntry, { kind: "mapping" }>,
  root: ApplicationFolder,
  excluded: Excluded,
): Promise<Resolved> {
  const names = insideOrRefused(source);
  const target = insideOrRefused(destination.replace(/^\/+/, ""), "destination", "component's root");
  const entry = await lookUp(names, root);
  if (entry.kind === "file") {
    if (target.length === 0 || /(?:^|\/)\.?$/.test(destination)) {
      throw new Error(`the destination "${destination}" of "${source}" must end in a file name`);
    }
    return {
      found: [{ path: names.join("/"), location: entry.location }],
      destinationOf: () => target.join("/"),
    };
  }
  if (entry.kind !== "folder") throw new Error(`the source "${source}" does not exist`);
  const found = await walk(root, [...spelledOut(names), ...everything], excluded);
  const prefix = names.length === 0 ? "" : `${names.join("/")}/`;
  return { found, destinationOf: (path) => [...target, path.slice(prefix.length)].join("/") };
}

function insideOrRefused(path: string, what = "path", root?: string): readonly string[] {
  try {
    return namesInside(path, root);
  } catch (error) {
    throw new Error(`the ${what} "${path}" ${messageOf(error)}`);
  }
}

function patternOrRefused(names: readonly string[], pattern: string) {
  try {
    return parsePattern(names);
  } catch (error) {
    throw new Error(`"${pattern}" is not a pattern: ${messageOf(error)}`);
  }
}
