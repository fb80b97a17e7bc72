import { readFile, realpath } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve, sep } from "node:path";
import { LocatedError } from "@spin-publisher/errors";
import { isObject } from "@spin-publisher/json";

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
    { file: path },
  );
}

async function readInside(path: string, workspace: string): Promise<string> {
  try {
    const [root, file] = await Promise.all([realpath(workspace), realpath(resolve(workspace, path))]);
    const below = relative(root, file);
    if (below.split(sep)[0] !== ".." && !isAbsolute(below)) return await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(
      `The version file "${path}" cannot be read. Run actions/checkout before this step, and give the path relative to the checkout.`,
      { cause },
    );
  }
  throw new Error(
    `The version file "${path}" is outside the workspace, or a link that leads out of it. Name a file in the checkout.`,
  );
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
    const line = isObject(error) ? error.line : undefined;
    const place = typeof line === "number" ? ` on line ${line}` : "";
    throw new Error(`The version file "${path}" is malformed${place}.`);
  }
}
