import { readFile, realpath, stat } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve, sep } from "node:path";
import { errorCode, LocatedError, whyUnreadable } from "@spin-publisher/errors";
import { isObject } from "@spin-publisher/json";

/** A version file is a line, or the manifest of a project. */
const sizeLimit = 1 << 20;

/**
 * The version of Spin that a file of the project asks for, in its own words: `4.0.2`, `v4.0.2`, `^4.0`.
 *
 * - `.tool-versions` (asdf, mise): the first version on the line of `spin`
 * - `mise.toml` and other `.toml` files of mise: the entry of `spin` below `[tools]`
 * - `package.json`: `engines.spin`
 * - anything else, such as `.spin-version`: its first line
 *
 * In asdf and mise, users choose the names of tools. With a backend and an owner (`aqua:spinframework/spin`,
 * `ubi:fermyon/spin`) a name certainly means this Spin; it wins over plain `spin`, which mise takes for Spinnaker's
 * tool.
 *
 * An error repeats nothing from the file unless it looks like a version: the file may contain anything.
 *
 * @throws Error when the file is missing, outside the workspace (also through links) or malformed, or when it does not
 *   name a version of Spin.
 */
export async function versionIn(path: string, workspace: string): Promise<string> {
  const content = await readInside(path, workspace);
  const { version, expected } = await read(basename(path), content, path);
  const request = version?.trim() ?? "";
  if (request === "") {
    throw new LocatedError(`The version file "${path}" does not mention Spin. Expected ${expected}.`, {
      file: path,
    });
  }
  if (looksLikeRequest(request)) return request;
  throw new LocatedError(
    `The version file "${path}" does not contain a version. Expected ${expected}, with latest, an exact version or a range such as ^4.0.`,
    { file: path, line: lineOf(content, /spin/i) },
  );
}

async function readInside(path: string, workspace: string): Promise<string> {
  const file = await attempt(path, () => realpath(resolve(workspace, path)));
  const below = relative(await attempt(path, () => realpath(workspace)), file);
  if (below.split(sep)[0] === ".." || isAbsolute(below)) {
    throw new Error(
      `The version file "${path}" is outside the workspace, or a link that leads out of it. Name a file in the checkout.`,
    );
  }
  const status = await attempt(path, () => stat(file));
  if (!status.isFile())
    throw new Error(`The version file "${path}" is not a file. Name a file in the checkout.`);
  if (status.size > sizeLimit)
    throw new LocatedError(`The version file "${path}" is larger than 1 MiB.`, { file });
  const text = await attempt(path, () => readFile(file, "utf8"));
  return text.replace(/^\uFEFF/, ""); // Windows editors begin UTF-8 with a byte order mark
}

async function attempt<Result>(path: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const missing = errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
    throw new Error(
      missing
        ? `The version file "${path}" does not exist. Run actions/checkout before this step, and give the path relative to the checkout.`
        : `The version file "${path}" ${whyUnreadable(error)}.`,
    );
  }
}

/** A word for a version, or numbers with wildcards, operators and pre-release parts, and short. */
function looksLikeRequest(text: string): boolean {
  const number = /[<>=^~]*\s*v?(?:\d{1,9}|[xX*])(?:\.(?:\d{1,9}|[xX*])){0,2}(?:[-+][\dA-Za-z.+-]+)?/;
  const request = new RegExp(
    `^(?:latest|canary|system|${number.source}(?:(?: | - | ?\\|\\| ?)${number.source})*)$`,
    "i",
  );
  return text.length <= 40 && request.test(text);
}

async function read(
  name: string,
  content: string,
  path: string,
): Promise<{ version: string | undefined; expected: string }> {
  if (name.endsWith(".tool-versions"))
    return { version: toolVersion(content), expected: "a line such as spin 4.0.2" };
  if (name.endsWith(".toml"))
    return { version: await miseVersion(content, path), expected: 'spin = "4.0.2" below [tools]' };
  if (name.endsWith(".json"))
    return { version: engine(content, path), expected: '"engines": { "spin": "^4.0" }' };
  const first = lines(content)[0];
  return { version: first, expected: "a line such as 4.0.2" };
}

function toolVersion(content: string): string | undefined {
  const entries = lines(content).map((line): [string, string] => {
    const [tool = "", version = ""] = line.split(/\s+/);
    return [tool, version];
  });
  return entryOfSpin(entries);
}

async function miseVersion(content: string, path: string): Promise<string | undefined> {
  const { parse } = await import("smol-toml");
  const file = parsed(() => parse(content), path);
  const tools = isObject(file) ? file.tools : undefined;
  if (!isObject(tools)) return undefined;
  const value = entryOfSpin(Object.entries(tools));
  // One version, several with the default first, or a table with options.
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const version = isObject(first) ? first.version : first;
  return typeof version === "string" ? version.replace(/^prefix:/, "") : undefined;
}

function engine(content: string, path: string): string | undefined {
  const file = parsed(() => JSON.parse(content), path);
  const engines = isObject(file) ? file.engines : undefined;
  const version = isObject(engines) ? engines.spin : undefined;
  return typeof version === "string" ? version : undefined;
}

function entryOfSpin<Value>(entries: readonly (readonly [string, Value])[]): Value | undefined {
  // mise allows options in brackets behind a name: "ubi:fermyon/spin[exe=spin]"
  const named = entries.map(([name, value]) => [name.replace(/\[.*\]$/, ""), value] as const);
  const ours = named.find(([name]) => /^(?:[a-z]+:)?(?:spinframework|fermyon)\/spin$/.test(name));
  return (ours ?? named.find(([name]) => name === "spin"))?.[1];
}

function lines(content: string): readonly string[] {
  return content
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*$/, "").trim())
    .filter((line) => line !== "");
}

/** The parser's message quotes the file, so only the line number is kept. */
function parsed(parse: () => unknown, path: string): unknown {
  try {
    return parse();
  } catch (error) {
    const { line } = isObject(error) ? error : {};
    const place = typeof line === "number" ? { text: ` on line ${line}`, line } : { text: "" };
    throw new LocatedError(`The version file "${path}" is malformed${place.text}.`, { file: path, ...place });
  }
}

/** The first line that matches, for the annotation. */
function lineOf(content: string, pattern: RegExp): number | undefined {
  const index = content.split(/\r?\n/).findIndex((line) => pattern.test(line));
  return index < 0 ? undefined : index + 1;
}
