// Writes the generated parts of documents: the tables of every action's README from its action.yml, the chart's from its
// values.yaml, and the files that guides include. With --check it writes nothing and fails where they differ.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import { isObject } from "@spin-publisher/json";
import { parse } from "yaml";
import { withValues } from "./chart-values.ts";
import { withIncludes } from "./includes.ts";
import { between, code, table } from "./markdown.ts";

const root = join(import.meta.dirname, "..");

/** An input or output as action.yml declares it. */
export interface Parameter {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly default: string | undefined;
}

export interface Interface {
  readonly inputs: readonly Parameter[];
  readonly outputs: readonly Parameter[];
}

/**
 * The inputs and outputs of an action.yml.
 *
 * @throws Error naming an input or output without a description, which is the user's documentation.
 */
export function interfaceOf(actionYml: string): Interface {
  const document: unknown = parse(actionYml);
  return { inputs: parametersIn(document, "inputs"), outputs: parametersIn(document, "outputs") };
}

function parametersIn(document: unknown, section: "inputs" | "outputs"): readonly Parameter[] {
  return Object.entries(mapping(mapping(document)[section])).map(([name, value]) => {
    const { description, required, default: fallback } = mapping(value);
    if (typeof description !== "string" || description.trim() === "") {
      throw new Error(`action.yml has no description for ${section}.${name}.`);
    }
    const written =
      fallback === undefined || fallback === null || fallback === "" ? undefined : String(fallback);
    return { name, description: description.trim(), required: required === true, default: written };
  });
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/**
 * A README with fresh tables between `<!-- inputs -->` and `<!-- /inputs -->`, and the same for `outputs`.
 *
 * @throws Error when it lacks the markers of one of them.
 */
export function withTables(readme: string, { inputs, outputs }: Interface): string {
  const inputRows = inputs.map(({ name, description, required, default: fallback }) => [
    code(name),
    description,
    required ? "**required**" : fallback === undefined ? "" : code(fallback),
  ]);
  const outputRows = outputs.map(({ name, description }) => [code(name), description]);
  return between(
    between(readme, "inputs", table(["Input", "Description", "Default"], inputRows)),
    "outputs",
    table(["Output", "Description"], outputRows),
  );
}

/** Paths of the READMEs with tables → what they should contain. */
export function readmes(folder = join(root, "actions")): ReadonlyMap<string, string> {
  const expected = new Map<string, string>();
  for (const action of readdirSync(folder).sort()) {
    const path = join(folder, action, "README.md");
    if (!existsSync(path)) continue;
    try {
      const declared = interfaceOf(readFileSync(join(folder, action, "action.yml"), "utf8"));
      expected.set(path, withTables(readFileSync(path, "utf8"), declared));
    } catch (cause) {
      throw new Error(`${path}: ${messageOf(cause)}`, { cause });
    }
  }
  return expected;
}

/** Paths of all documents with generated parts → what they should contain. */
export function generatedDocuments(): ReadonlyMap<string, string> {
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const chart = join(root, "charts/bart/README.md");
  const guides = ["README.md", "charts/bart/README.md", ...markdownIn("docs"), ...markdownIn("examples")];
  const expected = new Map([
    ...readmes(),
    [chart, withValues(read("charts/bart/README.md"), read("charts/bart/values.yaml"))] as const,
  ]);
  for (const guide of guides) {
    const path = join(root, guide);
    expected.set(path, withIncludes(expected.get(path) ?? read(guide), read));
  }
  return expected;
}

function markdownIn(folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}

/** The documents whose generated parts differ from their source. */
export function staleDocuments(expected = generatedDocuments()): readonly string[] {
  return [...expected]
    .filter(([path, expected]) => readFileSync(path, "utf8") !== expected)
    .map(([path]) => path);
}

if (import.meta.main) {
  if (!process.argv.includes("--check"))
    for (const [path, text] of generatedDocuments()) writeFileSync(path, text);
  const stale = staleDocuments();
  if (stale.length > 0) {
    console.error(`These documents differ from what they are made of; run make dist: ${stale.join(", ")}`);
    process.exitCode = 1;
  }
}
