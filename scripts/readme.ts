// Writes the tables of every action's README from its action.yml. With --check it writes nothing and fails where they
// differ.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import { isObject } from "@spin-publisher/json";
import { parse } from "yaml";

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

function between(readme: string, name: string, content: string): string {
  const [opening, closing] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const start = readme.indexOf(opening);
  const end = readme.indexOf(closing);
  if (start < 0 || end < start)
    throw new Error(`The markers ${opening} and ${closing} for its ${name} are missing.`);
  return `${readme.slice(0, start + opening.length)}\n${content}${readme.slice(end)}`;
}

/** A table with its columns aligned, as Biome formats Markdown. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows].map((cells) => cells.map(cell));
  const widths = header.map((_title, column) =>
    Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |\n`;
  const [titles = [], ...content] = lines;
  return [line(titles), line(widths.map((width) => "-".repeat(width))), ...content.map(line)].join("");
}

/** GitHub's Markdown ends a cell at every `|`, even inside code. */
function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}

function code(text: string): string {
  return `\`${text}\``;
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

/** The READMEs whose tables differ from their action.yml. */
export function staleReadmes(folder?: string): readonly string[] {
  return [...readmes(folder)]
    .filter(([path, expected]) => readFileSync(path, "utf8") !== expected)
    .map(([path]) => path);
}

if (import.meta.main) {
  if (!process.argv.includes("--check")) for (const [path, text] of readmes()) writeFileSync(path, text);
  const stale = staleReadmes();
  if (stale.length > 0) {
    console.error(`These tables differ from action.yml; run make dist: ${stale.join(", ")}`);
    process.exitCode = 1;
  }
}
