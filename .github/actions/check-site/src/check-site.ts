import type { JsonObject } from "@spin-publisher/json";
import { type Addresses, addressOf, whyBroken } from "./addresses.ts";
import { type Finding, lineAt, lineOfKey } from "./finding.ts";
import { type Page, readPage } from "./front-matter.ts";
import { anchorsOf, linksOfHtml, linksOfMarkdown } from "./links.ts";
import { routesOf } from "./routes.ts";
import { readSiteConfig, type SiteConfig } from "./site-config.ts";
import type { SiteFiles } from "./site-files.ts";
import {
  expanded,
  scriptNames,
  type Template,
  templateFindings,
  templatesOf,
  unknown,
  unknownHelpers,
} from "./templates.ts";

/**
 * What visitors of a Bartholomew site would find broken, by file and line.
 *
 * @param manifest the parsed spin.toml.
 */
export function checkSite(manifest: JsonObject, { paths, texts }: SiteFiles): readonly Finding[] {
  const { config, findings: configFindings } = readSiteConfig(texts.get("config/site.toml"));
  const templates = templatesOf(texts, config.theme);
  const read = [...texts]
    .filter(([file]) => file.startsWith("content/") && !/\/\.[^/]*$/.test(file))
    .map(([file, text]) => readContent(file, text));
  const pages = new Map(read.flatMap(({ page }) => (page === undefined ? [] : [[page.file, page] as const])));
  const addresses: Addresses = {
    ...{ routes: routesOf(manifest), pages, paths },
    templateAnchors: [...templates.values()].flatMap(({ text }) => anchorsOf(text)),
  };
  const scripts = scriptNames(texts, "scripts", config.theme);
  const shortcodes = scriptNames(texts, "shortcodes");
  return [
    ...configFindings,
    ...indexedTemplates(config, templates, texts.get("config/site.toml") ?? ""),
    ...read.flatMap(({ findings }) => findings),
    ...[...pages.values()].flatMap((page) => [
      ...templateOf(page, templates, config, texts.get(page.file) ?? ""),
      ...shortcodesOf(page, shortcodes),
      ...brokenLinks(page, addresses),
    ]),
    ...[...templates.values()].flatMap((template) => [
      ...templateFindings(template, templates, scripts),
      ...brokenTemplateLinks(template, addresses),
    ]),
  ].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

function readContent(file: string, text: string | undefined): ReturnType<typeof readPage> {
  if (text === undefined)
    return {
      findings: [
        { file, line: 1, message: "Bartholomew lists content/ as text and fails. Put images into static/." },
      ],
    };
  return file.endsWith(".md") ? readPage(file, text) : { findings: [] };
}

function indexedTemplates(
  { indexed }: SiteConfig,
  templates: ReadonlyMap<string, Template>,
  config: string,
): readonly Finding[] {
  return indexed
    .filter((name) => !templates.has(name))
    .map((name) => ({
      file: "config/site.toml",
      line: lineOfKey(config, "index_site_pages"),
      message: unknown("template", name, [...templates.keys()]),
    }));
}

/** What a page's template needs: to exist, a date where it prints one, and the list of pages where it shows it. */
function templateOf(
  { file, head }: Page,
  templates: ReadonlyMap<string, Template>,
  { indexed }: SiteConfig,
  text: string,
): readonly Finding[] {
  if (head.redirect !== undefined) return [];
  const name = typeof head.template === "string" ? head.template : "main";
  const line = lineOfKey(text, "template");
  const template = templates.get(name);
  if (template === undefined)
    return [{ file, line, message: unknown("template", name, [...templates.keys()]) }];
  const whole = expanded(name, templates);
  const always = whole.replace(
    /\{\{#(?:each|if|with|unless)\b[\s\S]*?\{\{\/(?:each|if|with|unless)\}\}/g,
    "",
  );
  return [
    ...(head.date === undefined && /\bpage\.head\.date\b/.test(always)
      ? [
          {
            file,
            line,
            message: `The template "${name}" shows a date, and the page has none. Add date = "…".`,
          },
        ]
      : []),
    ...(/\bsite\.pages\b/.test(whole) && !indexed.includes(name)
      ? [
          {
            file: template.file,
            line: 1,
            message: `Shows the list of pages, which is empty here. Add "${name}" to index_site_pages in config/site.toml.`,
          },
        ]
      : []),
  ];
}

/** Shortcodes that Bartholomew does not know: it shows an error in place of the whole page. */
function shortcodesOf(
  { file, head, body, bodyLine }: Page,
  shortcodes: readonly string[],
): readonly Finding[] {
  if (head.enable_shortcodes === true)
    return unknownHelpers(file, body, shortcodes).map(({ line, message }) => ({
      file,
      line: bodyLine + line - 1,
      message: message.replace("no helper", "no shortcode"),
    }));
  return [...body.matchAll(/\{\{\s*([\w-]+)\s/g)]
    .filter(([, name = ""]) => shortcodes.includes(name))
    .map(({ 1: name = "", index }) => ({
      file,
      line: bodyLine + lineAt(body, index) - 1,
      message: `The shortcode "${name}" is shown as it is written. Add enable_shortcodes = true to the front matter.`,
    }));
}

function brokenLinks({ file, body, bodyLine }: Page, addresses: Addresses): readonly Finding[] {
  return linksOfMarkdown(body, bodyLine).flatMap((link) => {
    const message = whyBroken(link, addressOf(file), addresses);
    return message === undefined ? [] : [{ file, line: link.line, message }];
  });
}

/** Links of templates; those relative to a page mean something else on each. */
function brokenTemplateLinks({ file, text }: Template, addresses: Addresses): readonly Finding[] {
  return linksOfHtml(text)
    .filter(({ target }) => target.startsWith("/"))
    .flatMap((link) => {
      const message = whyBroken(link, "/", addresses);
      return message === undefined ? [] : [{ file, line: link.line, message }];
    });
}
