import { messageOf } from "@spin-publisher/errors";
import { ManifestError } from "../manifest/error.ts";
import type { Component } from "../manifest/model.ts";
import type { ManifestWarning } from "../manifest/warnings.ts";
import { type Glob, matches, parseGlob } from "./glob.ts";

/** The `exclude_files` of a component, and which of them had an effect. */
export interface Exclusions {
  /** @param path of a file, relative to the application folder. */
  readonly excludes: (path: string) => boolean;
  /** A warning for each pattern that has excluded nothing so far. */
  readonly unused: () => readonly ManifestWarning[];
}

/** @throws ManifestError for an entry that is not a pattern. */
export function createExclusions({ id, excludeFiles }: Component): Exclusions {
  const globs = excludeFiles.map(({ line, pattern }) => ({ line, glob: parse(line, pattern) }));
  const used = new Set<Glob>();
  return {
    excludes: (path) => {
      const excluding = globs.filter(({ glob }) => matches(glob, path));
      for (const { glob } of excluding) used.add(glob);
      return excluding.length > 0;
    },
    unused: () =>
      globs
        .filter(({ glob }) => !used.has(glob))
        .map(({ line, glob: { text } }) => ({
          line,
          text: `"${text}" in exclude_files of component "${id}" excludes nothing${advice(text)}`,
        })),
  };
}

function parse(line: number, pattern: string): Glob {
  try {
    return parseGlob(pattern);
  } catch (error) {
    throw new ManifestError(
      line,
      `exclude_files has "${pattern}", which is not a pattern: ${messageOf(error)}`,
    );
  }
}

/** The name of a folder excludes the folder itself, but nothing in it. */
function advice(pattern: string): string {
  const path = pattern.replace(/\/+$/, "");
  const isFolder = /(?:^|\/)[^/.*?[\]]+$/.test(path);
  return isFolder ? `; write "${path}/**" to exclude everything in that folder` : "";
}
