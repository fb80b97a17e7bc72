import { posix } from "node:path";
import { compileGlob } from "./glob.ts";

/** A line of a .helmignore file. */
export interface IgnoreRule {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * The rule that excludes a path below the chart's folder from the package, or undefined. Excluded folders are not
 * entered.
 */
export type IgnoreRules = (path: string, isFolder: boolean) => IgnoreRule | undefined;

/** A rule that Helm would refuse. */
export class MalformedRule extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

interface ParsedRule extends IgnoreRule {
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
 * @throws MalformedRule naming the line that Helm would refuse.
 */
export function parseHelmignore(bytes: Uint8Array | undefined): IgnoreRules {
  const text = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  const rules = [...text.split("\n"), defaultRules].flatMap((line, index) =>
    parseRule(trim(line), index + 1),
  );
  return (path, isFolder) =>
    rules.find(
      ({ negated, foldersOnly, matches }) => ((!foldersOnly || isFolder) && matches(path)) !== negated,
    );
}

function parseRule(text: string, line: number): readonly ParsedRule[] {
  if (text === "" || text.startsWith("#")) return [];
  if (text.includes("**")) {
    throw new MalformedRule(
      `Line ${line} of .helmignore is "${text}", but Helm does not support "**"; name the folder.`,
      line,
    );
  }
  if (compileGlob(text) === undefined) {
    throw new MalformedRule(
      `Line ${line} of .helmignore is "${text}", which is not a complete pattern; escape "[" with "\\".`,
      line,
    );
  }
  const negated = text.startsWith("!");
  const foldersOnly = text.slice(negated ? 1 : 0).endsWith("/");
  const pattern = text.slice(negated ? 1 : 0, foldersOnly ? -1 : undefined);
  return [{ text, line, negated, foldersOnly, matches: matcher(pattern) }];
}

/** A pattern without a slash is about the last part of the path, one with a slash about all of it. */
function matcher(pattern: string): ParsedRule["matches"] {
  const anchored = pattern.startsWith("/");
  const glob = compileGlob(anchored ? pattern.slice(1) : pattern);
  if (glob === undefined) return () => false;
  return anchored || pattern.includes("/") ? glob : (path) => glob(posix.basename(path));
}

function trim(line: string): string {
  return line.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
}
