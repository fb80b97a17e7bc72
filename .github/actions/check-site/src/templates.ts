import { type Finding, lineAt, oneOf } from "./finding.ts";

export interface Template {
  readonly file: string;
  /** Its text without comments, which keep their lines. */
  readonly text: string;
}

/** The helpers of handlebars-rust 4.3 and handlebars_sprig, which Bartholomew 0.9 registers. */
const helpers = [
  ..."if unless each with lookup raw log eq ne gt gte lt lte and or not len else this".split(" "),
  ..."date_format now add sub mul div mod max floor ceil round randInt upper lower trunc abbrev plural".split(
    " ",
  ),
  ..."trim join split splitn sort_alpha trim_suffix trim_prefix trim_all gist tweet".split(" "),
];

/** The templates of a site by name; those of a site win over its theme's. */
export function templatesOf(
  texts: ReadonlyMap<string, string | undefined>,
  theme: string | undefined,
): ReadonlyMap<string, Template> {
  const folders = [...(theme === undefined ? [] : [`themes/${theme}/templates/`]), "templates/"];
  const found = new Map<string, Template>();
  for (const folder of folders)
    for (const [file, text] of texts)
      if (file.startsWith(folder) && file.endsWith(".hbs") && text !== undefined)
        found.set(file.slice(folder.length, -".hbs".length), { file, text: withoutComments(text) });
  return found;
}

/** Names by which Markdown and templates call scripts: their files without extension. */
export function scriptNames(
  texts: ReadonlyMap<string, string | undefined>,
  folder: "scripts" | "shortcodes",
  theme?: string,
): readonly string[] {
  const folders = [`${folder}/`, ...(theme === undefined ? [] : [`themes/${theme}/${folder}/`])];
  return [...texts.keys()]
    .filter((file) => folders.some((start) => file.startsWith(start)))
    .map((file) => file.replace(/^.*\//, "").replace(/\.[^.]*$/, ""));
}

/** What in a template keeps Handlebars from rendering it: unknown partials and helpers, and blocks that do not end. */
export function templateFindings(
  { file, text }: Template,
  templates: ReadonlyMap<string, Template>,
  scripts: readonly string[],
): readonly Finding[] {
  const own = [...text.matchAll(/\{\{#\*inline\s+"([^"]+)"/g)].map(([, name]) => name);
  const partials = [...text.matchAll(/\{\{~?#?>\s*"?([\w./-]+)/g)].flatMap(({ 1: name = "", index }) =>
    templates.has(name) || own.includes(name) || name === "@partial-block"
      ? []
      : [{ file, line: lineAt(text, index), message: unknown("template", name, [...templates.keys()]) }],
  );
  return [...partials, ...unknownHelpers(file, text, scripts), ...unfinishedBlocks(file, text)];
}

/** Calls of helpers that are neither Bartholomew's nor the site's. */
export function unknownHelpers(file: string, text: string, scripts: readonly string[]): readonly Finding[] {
  // With an argument, or in parentheses: a call. Without, a value of the page.
  const calls = /\{\{\{?~?#?\s*([A-Za-z_][\w-]*)\s+(?!\}|~\})|\(\s*([A-Za-z_][\w-]*)/g;
  return mustaches(text).flatMap(({ source, start }) =>
    [...source.matchAll(calls)].flatMap(({ 1: outer, 2: inner, index }) => {
      const name = outer ?? inner ?? "";
      return helpers.includes(name) || scripts.includes(name)
        ? []
        : [{ file, line: lineAt(text, start + index), message: unknown("helper", name, scripts) }];
    }),
  );
}

/** The template with all templates that it includes. */
export function expanded(
  name: string,
  templates: ReadonlyMap<string, Template>,
  seen = new Set<string>(),
): string {
  const text = templates.get(name)?.text;
  if (text === undefined || seen.has(name)) return "";
  const partials = [...text.matchAll(/\{\{~?#?>\s*"?([\w./-]+)/g)].map(([, partial = ""]) => partial);
  return [text, ...partials.map((partial) => expanded(partial, templates, new Set([...seen, name])))].join(
    "\n",
  );
}

export function unknown(what: string, name: string, known: readonly string[]): string {
  return `There is no ${what} "${name}" (${oneOf(known)}).`;
}

/** Expressions without the strings in them. */
function mustaches(text: string): readonly { readonly source: string; readonly start: number }[] {
  return [...text.matchAll(/\{\{[\s\S]*?\}\}/g)]
    .filter(([source]) => !/^\{\{~?(?:#?>|\/|!|#\*)/.test(source))
    .map(({ 0: source, index }) => ({
      source: source.replace(/"[^"]*"|'[^']*'/g, (quoted) => `"${" ".repeat(quoted.length - 2)}"`),
      start: index,
    }));
}

function unfinishedBlocks(file: string, text: string): readonly Finding[] {
  const open: { name: string; line: number }[] = [];
  for (const { 1: sign, 2: name = "", index } of text.matchAll(/\{\{~?(#|\/)[>*]?\s*([\w./-]+)/g)) {
    const line = lineAt(text, index);
    if (sign === "#") open.push({ name, line });
    else if (open.at(-1)?.name === name) open.pop();
    else return [{ file, line, message: `{{/${name}}} ends no block; ${openBlock(open.at(-1))}.` }];
  }
  return open.map(({ name, line }) => ({
    file,
    line,
    message: `{{#${name}}} is not ended by {{/${name}}}.`,
  }));
}

function openBlock(block: { name: string; line: number } | undefined): string {
  return block === undefined ? "none is open" : `{{#${block.name}}} of line ${block.line} is open`;
}

function withoutComments(text: string): string {
  return text.replace(/\{\{!--[\s\S]*?--\}\}|\{\{![^}]*\}\}/g, (comment) => comment.replace(/[^\n]/g, " "));
}
