import { posix } from "node:path";
import { compileGlob } from "./glob.ts";

/** Whether a path below the chart's folder is excluded from the package. Excluded folders are not entered. */
export type IgnoreRules = (path: string, isFolder: boolean) => boolean;

interface Rule {
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  readonly matches: (path: string) => boolean;
}

/** Applied after the rules of the file: hidden files directly in templates/ are not templates. */
const defaultRules = "templates/.?*";

/**
 * The rules of a .helmignore file. They look like those of .gitignore, but the first rule that decides wins, `**` is an
 * error, and a negated rule excludes everything that it does not match.
 *
 * @param bytes the file, undefined where there is none.
 * @throws Error naming the line that Helm would refuse.
 */
export function parseHelmignore(bytes: Uint8Array | undefined): IgnoreRules {
  const text = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  const rules = [...text.split("\n"), defaultRules].flatMap((line, index) =>
    parseRule(trim(line), index + 1),
  );
  return (path, isFolder) => {
    for (const { negated, foldersOnly, matches } of rules) {
      const applies = (!foldersOnly || isFolder) && matches(path);
      if (applies !== negated) return true;
    }
    return false;
  };
}

function parseRule(line: string, number: number): readonly Rule[] {
  if (line === "" || line.startsWith("#")) return [];
  if (line.includes("**")) {
    throw new Error(
      `Line ${number} of .helmignore is "${line}", but Helm does not support "**"; name the folder.`,
    );
  }
  if (compileGlob(line) === undefined) {
    throw new Error(
      `Line ${number} of .helmignore is "${line}", which is not a complete pattern; escape "[" with "\\".`,
    );
  }
  const negated = line.startsWith("!");
  const foldersOnly = line.slice(negated ? 1 : 0).endsWith("/");
  const pattern = line.slice(negated ? 1 : 0, foldersOnly ? -1 : undefined);
  return [{ negated, foldersOnly, matches: matcher(pattern) }];
}

/** A pattern without a slash is about the last part of the path, one with a slash about all of it. */
function matcher(pattern: string): Rule["matches"] {
  const anchored = pattern.startsWith("/");
  const glob = compileGlob(anchored ? pattern.slice(1) : pattern);
  if (glob === undefined) return () => false;
  return anchored || pattern.includes("/") ? glob : (path) => glob(posix.basename(path));
}

function trim(line: string): string {
  return line.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
}
