import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { checkManifest, verdict } from "../src/check-manifest.ts";

const root = join(import.meta.dirname, "../../../..");
const manifest = `spin_manifest_version = 2
[[trigger.http]]
route = "/..."
component = "bart"
[[trigger.http]]
route = "/static/..."
component = "files"
[[trigger.http]]
route = "/api/..."
component = "own"
[component.bart]
source = { url = "https://example.com/v0.9.0/bartholomew.wasm", digest = "sha256:0" }
[component.files]
source = { url = "https://example.com/spin_static_fs.wasm", digest = "sha256:0" }
files = [{ source = "static", destination = "/" }]
[component.own]
source = "own.wasm"
`;
const site: Readonly<Record<string, string | Uint8Array>> = {
  "spin.toml": manifest,
  "config/site.toml":
    'title = "Site"\nbase_url = "https://example.org/below"\nindex_site_pages = ["list"]\n[extra]\n',
  "content/index.md": 'title = "Home"\ntemplate = "list"\n---\n[About](about.md) ![Logo](/static/logo.svg)\n',
  "content/about.md":
    'title = "About"\n---\n## The end {#end}\n\n[End](#end) [Home](/) [API](/api/anything)\n',
  "content/blog/one.md": 'title = "One"\ndate = "2026-10-06T09:00:00Z"\ntemplate = "post"\n---\n[Two](two)\n',
  "content/blog/two.md":
    'title = "Two"\ndate = "2026-10-07T09:00:00Z"\ntemplate = "post"\n---\n[One](./one.md)\n',
  "templates/main.hbs": "{{> top}}{{{page.body}}}",
  "templates/list.hbs": "{{> top}}{{#each (posts site.pages)}}{{page.head.date}}{{/each}}",
  "templates/post.hbs": '{{> top}}{{date_format "%Y" page.head.date}}',
  "templates/top.hbs":
    '{{! a comment }}<a href="{{prefix site.info.base_url}}/about">{{site.info.title}}</a>',
  "scripts/posts.rhai": "[]",
  "scripts/prefix.rhai": '""',
  "shortcodes/note.rhai": '""',
  "static/logo.svg": "<svg/>",
};

const folders: string[] = [];
afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))));

/** Findings of the site with changed files; undefined removes one. */
async function findings(changes: Readonly<Record<string, string | Uint8Array | undefined>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "check-site-"));
  folders.push(folder);
  for (const [path, content] of Object.entries({ ...site, ...changes }))
    if (content !== undefined) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
  const found = await checkManifest(join(folder, "spin.toml"));
  return found?.map(({ file, line, message }) => `${file.slice(folder.length + 1)}:${line}: ${message}`);
}
/** A page with this body, which begins on line 3. */
const about = (body: string, head = 'title = "About"') => ({ "content/about.md": `${head}\n---\n${body}\n` });

test("the site of this repository is in order", async () => {
  expect(await checkManifest(join(root, "site"))).toEqual([]);
});

test("a site in order has no findings", async () => expect(await findings()).toEqual([]));

test("another Spin application is not checked", async () => {
  const found = await findings({
    "spin.toml": manifest.replace("bartholomew.wasm", "app.wasm"),
    "content/x.md": "",
  });
  expect(found).toBeUndefined();
  expect(verdict("spin.toml", undefined)).toBe(
    "spin.toml is not a Bartholomew site; its pages are not checked.",
  );
});

test("a manifest of version 1 is read too", async () => {
  const first = `spin_version = "1"\nname = "s"\ntrigger = { type = "http" }
[[component]]\nid = "b"\nsource = "modules/bartholomew.wasm"\n[component.trigger]\nroute = "/..."\n`;
  expect(await findings({ "spin.toml": first, ...about("[Gone](gone)") })).toEqual([
    'content/about.md:3: "gone" does not exist: there is no page content/gone.md.',
    'content/index.md:4: "/static/logo.svg" does not exist: there is no page content/static/logo.md.',
  ]);
});

describe("front matter", () => {
  test.each([
    [
      "no title",
      about("", 'description = "x"'),
      '1: The title is missing. Add title = "…" to the front matter.',
    ],
    [
      "no end",
      { "content/about.md": 'title = "About"\n\nText\n' },
      "1: The front matter does not end. Write it at the top of the file, as TOML, and a line of three hyphens below it.",
    ],
    [
      "YAML",
      { "content/about.md": "---\ntitle: About\n---\nText\n" },
      /^[12]: The front matter is not TOML: .*\. Bartholomew reads TOML, and no line of hyphens above it\.$/,
    ],
    [
      "a date without quotes",
      about("", 'title = "A"\ndate = 2026-10-06T09:00:00Z'),
      '2: "date" must be a date in quotes with its time and zone, such as "2026-10-06T09:00:00Z"; Bartholomew fails to read the page.',
    ],
    [
      "a number below extra",
      about("", 'title = "A"\n[extra]\nweight = 3'),
      /"extra" must be a table of texts/,
    ],
    [
      "a misspelt field",
      about("", 'title = "A"\ntemplates = "post"'),
      /^2: Bartholomew ignores "templates" \(known: .*template/,
    ],
    [
      "an unknown template",
      about("", 'title = "A"\ntemplate = "pots"'),
      '2: There is no template "pots" (known: list, main, post, top).',
    ],
    [
      "a template that shows a date",
      about("", 'title = "A"\ntemplate = "post"'),
      '2: The template "post" shows a date, and the page has none. Add date = "…".',
    ],
  ])("%s", async (_name, changes, expected) => {
    const found = (await findings(changes))?.map((line) => line.replace("content/about.md:", ""));
    expect(found).toEqual([typeof expected === "string" ? expected : expect.stringMatching(expected)]);
  });
});

describe("links", () => {
  test.each([
    [
      "a page that does not exist",
      "Text\n\n[Gone](gone.md)",
      '5: "gone.md" does not exist: there is no page content/gone.md.',
    ],
    [
      "an image that does not exist",
      "![x](/static/none.png)",
      '3: "/static/none.png" does not exist: there is no file static/none.png.',
    ],
    [
      "an image in HTML",
      '<p>\n<img src="/static/none.png">',
      '4: "/static/none.png" does not exist: there is no file static/none.png.',
    ],
    [
      "an image inside a link",
      "[![x](/static/none.png)](/)",
      '3: "/static/none.png" does not exist: there is no file static/none.png.',
    ],
    [
      "an anchor of another page",
      "[x](/#part)",
      '3: "/#part": content/index.md has no "part". Name a heading with {#part}.',
    ],
    [
      "an anchor of the page itself",
      "## Part\n\n[x](#part)",
      '5: "#part": content/about.md has no "part". Name a heading with {#part}.',
    ],
    [
      "a folder without its index",
      "[x](/blog)",
      '3: "/blog" does not exist: there is no page content/blog.md.',
    ],
    ["a reference", "[x][y]\n\n[y]: /gone", '5: "/gone" does not exist: there is no page content/gone.md.'],
    [
      "an address of mail, which Bartholomew breaks",
      "[x](mailto:me@example.org)",
      '3: Bartholomew turns "mailto:me@example.org" into a path of this site. Write <me@example.org>, or an HTML link.',
    ],
    [
      "a folder that has an index",
      "[x](/docs)",
      '3: "/docs" does not exist: there is no page content/docs.md. Link to /docs/index.',
    ],
    ["a draft", "[x](/draft)", '3: "/draft" is a draft (published = false), which visitors cannot open.'],
  ])("%s", async (_name, body, expected) => {
    const others = {
      "content/docs/index.md": 'title = "Docs"\n---\n',
      "content/draft.md": 'title = "Draft"\npublished = false\n---\n',
    };
    expect(await findings({ ...others, ...about(body) })).toEqual([`content/about.md:${expected}`]);
  });

  test("code, other hosts and footnotes are no links of the site", async () => {
    const body =
      "## E {#end}\n```\n[x](gone)\n```\n`[x](gone)` [y](https://example.com/gone.md)\n\n[^1]: gone\n\n<!-- [z](gone) -->";
    expect(await findings(about(body))).toEqual([]);
  });

  test("a relative link is resolved from its page, as Bartholomew does", async () => {
    const one =
      'title = "One"\ndate = "2026-10-06T09:00:00Z"\ntemplate = "post"\n---\n[About](../about) [Gone](about)\n';
    expect(await findings({ "content/blog/one.md": one })).toEqual([
      'content/blog/one.md:5: "about" does not exist: there is no page content/blog/about.md.',
    ]);
  });

  test("of a template", async () => {
    expect(
      await findings({ "templates/top.hbs": '<p>\n<a href="{{prefix site.info.base_url}}/gone">' }),
    ).toEqual(['templates/top.hbs:2: "/gone" does not exist: there is no page content/gone.md.']);
  });
});

describe("templates", () => {
  test.each([
    [
      "an unknown partial",
      "{{> bottom}}",
      '1: There is no template "bottom" (known: list, main, post, top).',
    ],
    [
      "an unknown helper",
      "\n{{uppercase page.head.title}}",
      '2: There is no helper "uppercase" (known: posts, prefix).',
    ],
    [
      "an unknown helper inside a call",
      "{{#if (is page.head.title)}}{{/if}}",
      '1: There is no helper "is" (known: posts, prefix).',
    ],
    ["a block without an end", "{{#if page}}", "1: {{#if}} is not ended by {{/if}}."],
    [
      "a block that ends another",
      "{{#if page}}\n{{/each}}",
      "2: {{/each}} ends no block; {{#if}} of line 1 is open.",
    ],
    [
      "pages that are not given to it",
      "{{#each (posts site.pages)}}{{/each}}",
      '1: Shows the list of pages, which is empty here. Add "main" to index_site_pages in config/site.toml.',
    ],
  ])("%s", async (_name, text, expected) => {
    expect(await findings({ "templates/main.hbs": text })).toEqual([`templates/main.hbs:${expected}`]);
  });
});

describe("shortcodes", () => {
  test("an unknown one is named", async () => {
    const found = await findings(about('## E {#end}\n{{nope "x"}}', 'title = "A"\nenable_shortcodes = true'));
    expect(found).toEqual(['content/about.md:5: There is no shortcode "nope" (known: note).']);
  });
  test("one on a page that does not enable them is named", async () => {
    expect(await findings(about('## E {#end}\n{{note "x"}}'))).toEqual([
      'content/about.md:4: The shortcode "note" is shown as it is written. Add enable_shortcodes = true to the front matter.',
    ]);
  });
});

describe("config/site.toml", () => {
  test.each([
    ["missing", undefined, "1: The file is missing. It needs a title and a table [extra]."],
    [
      "without [extra]",
      'title = "x"\nindex_site_pages = ["list"]',
      "1: Bartholomew needs a table [extra], of which every value is a text; it may be empty.",
    ],
    [
      "with a base_url that is a path",
      'title = "x"\nindex_site_pages = ["list"]\nbase_url = "/x"\n[extra]',
      '3: base_url must be an address such as "https://example.org" or "https://example.org/path", but it is "/x".',
    ],
    [
      "with a template that does not exist",
      'title = "x"\nindex_site_pages = ["list", "feed"]\n[extra]',
      '2: There is no template "feed" (known: list, main, post, top).',
    ],
  ])("%s", async (_name, text, expected) => {
    const found = await findings({ "config/site.toml": text });
    expect(found?.filter((line) => line.startsWith("config/"))).toEqual([`config/site.toml:${expected}`]);
  });
});

test("a picture below content/, which fails every list of pages, is named", async () => {
  expect(await findings({ "content/logo.png": Uint8Array.of(137, 80, 255) })).toEqual([
    "content/logo.png:1: Bartholomew lists content/ as text and fails. Put images into static/.",
  ]);
});
