// site/ rendered in Node as Bartholomew 0.9 renders it: src/bartholomew.rs, content.rs and template.rs of its source.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import MarkdownIt from "markdown-it";
import { parse } from "smol-toml";
import { readPage } from "../../.github/actions/check-site/src/front-matter.ts";
import * as scripts from "./scripts.ts";

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}
export interface Visit {
  /** In place of `base_url` in config/site.toml, like Bartholomew's variable BASE_URL. */
  readonly baseUrl?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const html = "text/html; charset=utf-8";

/** Answers requests for the pages of a site; its files are read once. */
export function siteRenderer(folder: string): (path: string, visit?: Visit) => Answer {
  const handlebars = Handlebars.create();
  for (const name of filesOf(join(folder, "templates")))
    handlebars.registerPartial(
      name.replace(/\.hbs$/, ""),
      readFileSync(join(folder, "templates", name), "utf8"),
    );
  handlebars.registerHelper({
    ...{ root: scripts.root, prefix: scripts.prefix, rebase: scripts.rebase, canonical: scripts.canonical },
    ...{ newest: scripts.newest, posts: scripts.posts, addresses: scripts.addresses },
    ...{ date_format: scripts.dateFormat, eq: (left: unknown, right: unknown) => left === right },
  });
  const config = parse(readFileSync(join(folder, "config/site.toml"), "utf8"));
  const contents = new Map(
    filesOf(join(folder, "content")).map((name) => [
      `/content/${name}`,
      readFileSync(join(folder, "content", name), "utf8"),
    ]),
  );
  return (path, { baseUrl, headers } = {}) => {
    const pathInfo = path === "/" ? "/index" : path;
    const file = `/content${pathInfo.replace(/\/$/, "").replace(/(?<=[^/])\.[^./]*$/, "")}.md`;
    const text = contents.get(file);
    const found = text === undefined ? undefined : pageOf(file, text, pathInfo);
    const page = found?.published === true ? found : missing;
    const template = page.head.template ?? "main";
    const indexed = Array.isArray(config.index_site_pages) && config.index_site_pages.includes(template);
    const body = handlebars.compile(`{{> ${template}}}`, { strict: false })({
      page,
      request: { host: "localhost:3000", "spin-full-url": `http://localhost:3000${path}`, ...headers },
      site: {
        info: { ...config, ...(baseUrl === undefined ? {} : { base_url: baseUrl }) },
        pages: indexed ? publishedPages(contents) : {},
      },
      env: {},
    });
    return { status: page === missing ? 404 : 200, contentType: page.head.content_type ?? html, body };
  };
}

const missing: scripts.PageValues = {
  head: { title: "Not Found" },
  body: "The requested page was not found.",
  published: true,
};

function publishedPages(contents: ReadonlyMap<string, string>) {
  const pages = [...contents].sort().map(([file, text]) => [file, pageOf(file, text)] as const);
  return Object.fromEntries(pages.filter(([, { published }]) => published));
}

/** @param pathInfo where the page is shown; undefined in lists of pages, where Bartholomew does not know it. */
function pageOf(file: string, text: string, pathInfo?: string): scripts.PageValues {
  const { page } = readPage(file, text);
  if (page === undefined) throw new Error(`${file} cannot be read; run make check-site.`);
  const head = {
    ...page.head,
    ...(pathInfo === undefined ? {} : { path_info: pathInfo }),
  } as unknown as scripts.Head;
  const published = head.published ?? (head.date === undefined || Date.parse(head.date) <= Date.now());
  const source = head.enable_shortcodes === true ? withShortcodes(page.body) : page.body;
  return { head, body: markdownToHtml(source, head.path_info ?? ""), published };
}

function withShortcodes(body: string): string {
  const handlebars = Handlebars.create();
  handlebars.registerHelper({ note: scripts.note, result: scripts.result });
  return handlebars.compile(body, { noEscape: true })({});
}

/** Markdown with Bartholomew's translation of links: `maybe_translate_relative_link` in src/content.rs. */
export function markdownToHtml(markdown: string, pathInfo: string): string {
  const parser = new MarkdownIt({ html: true, typographer: true });
  const toToken = parser.renderer.rules.link_open;
  parser.renderer.rules.link_open = (tokens, index, options, env, self) => {
    const token = tokens[index];
    const target = token?.attrGet("href");
    if (token && target && token.markup !== "autolink")
      token.attrSet("href", translated(String(target), pathInfo));
    return toToken?.(tokens, index, options, env, self) ?? self.renderToken(tokens, index, options);
  };
  return parser.render(markdown).replace(/<h([1-6])>(.*?) \{#([\w-]+)\}<\/h\1>/g, '<h$1 id="$3">$2</h$1>');
}

function translated(target: string, pathInfo: string): string {
  if (/^(?:[a-z+]+:)?\/\//.test(target)) return target;
  const bare = target.replaceAll(".md", "").replace(/^\.\//, "");
  if (bare.startsWith("/") || bare.startsWith("#")) return bare;
  return `${pathInfo.replace(/[^/]*$/, "")}${bare}`;
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}
