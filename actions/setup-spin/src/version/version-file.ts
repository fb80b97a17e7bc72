import { readFile, realpath } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve, sep } from "node:path";

/**
 * What a file of the project says about the version of Spin, as it stands there: `4.0.2`, `v4.0.2`, `^4.0`.
 *
 * - `.tool-versions` (asdf, mise): the first version on the line of `spin`
 * - `mise.toml` and other `.toml` files of mise: the entry of `spin` below `[tools]`
 * - `package.json`: `engines.spin`
 * - anything else, such as `.spin-version`: its first line
 *
 * asdf and mise name tools as users like; with a backend and an owner (`aqua:spinframework/spin`,
 * `ubi:fermyon/spin`) it is surely ours and wins over plain `spin`, which mise itself takes for Spinnaker's tool.
 *
 * Nothing of the file is repeated unless it looks like a version: it may hold anything.
 *
 * @throws Error when the file is missing, outside of the workspace (also through links), malformed, or does not name a
 *   version of Spin.
 */
export async function versionIn(path: string, workspace: string): Promise<string> {
  const content = await readInside(path, workspace);
  const { version, expected } = await read(basename(path), content, path);
  const wanted = version?.trim() ?? "";
  if (wanted === "") {
    throw new Error(`The version file ${path} says nothing about Spin; it should have ${expected}.`);
  }
  if (looksLikeRequest(wanted)) return wanted;
  throw new Error(
    `The version file ${path} names no version where it should have ${expected}; write latest, an exact version or a range such as ^4.0.`,
  );
}

async function readInside(path: string, workspace: string): Promise<string> {
  try {
    const [root, file] = await Promise.all([realpath(workspace), realpath(resolve(workspace, path))]);
    const below = relative(root, file);
    if (below.split(sep)[0] !== ".." && !isAbsolute(below)) return await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(
      `The version file ${path} cannot be read; is there an actions/checkout before this step, and is the path relative to the checkout?`,
      { cause },
    );
  }
  throw new Error(
    `The version file ${path} lies outside of the workspace, or is a link that leads out of it; name a file of the checkout.`,
  );
}

/** A word for a version, or numbers with wildcards, operators and pre-release parts; none is long. */
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
  const tools = property(
    parsed(() => parse(content), path),
    "tools",
  );
  if (typeof tools !== "object" || tools === null) return undefined;
  const value = entryOfSpin(Object.entries(tools));
  // One version, several of which the first is the default, or a table with options.
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const version = typeof first === "string" ? first : property(first, "version");
  return typeof version === "string" ? version.replace(/^prefix:/, "") : undefined;
}

function engine(content: string, path: string): string | undefined {
  const version = property(
    property(
      parsed(() => JSON.parse(content), path),
      "engines",
    ),
    "spin",
  );
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

/** The parser's own words quote the file, so all that is kept of them is the line. */
function parsed(parse: () => unknown, path: string): unknown {
  try {
    return parse();
  } catch (error) {
    const line = property(error, "line");
    const place = typeof line === "number" ? ` on line ${line}` : "";
    throw new Error(`The version file ${path} is malformed${place}; correct it.`);
  }
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
