import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SaxesParser } from "saxes";
import { type Answer, siteRenderer } from "../render.ts";
import { canonical, prefix, root as rootOf } from "../scripts.ts";

const site = join(import.meta.dirname, "../../../site");
const baseUrl = "https://example.org/below";
const entry = (head: string, body = "Text\n") => `${head}\ntemplate = "post"\n---\n${body}`;
/** A site like those that people make of ours: posts that moved, changed, are drafts, or are dated ahead. */
const posts = {
  "moved.md": `title = 'A < B & "C"'
description = "It had another address."
date = "2026-11-01T08:00:00Z"
template = "post"
[extra]
id = "/blog/old-name"
updated = "2026-11-09T08:00:00Z"
---
Text
`,
  "linking.md": entry(
    'title = "Links"\ndate = "2026-11-02T08:00:00Z"',
    "[Moved](moved.md) [About](/about) ![Mark](/static/mark.svg) [there](https://example.com/x)\n",
  ),
  "draft.md": entry('title = "Draft"\ndate = "2026-11-03T08:00:00Z"\npublished = false'),
  "ahead.md": entry('title = "Ahead"\ndate = "2999-01-01T00:00:00Z"'),
};

let copy: string;
let render: ReturnType<typeof siteRenderer>;
const paths = readdirSync(join(site, "content"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `/${name.replaceAll("\\", "/").replace(/\.md$/, "")}`.replace(/^\/index$/, "/"));
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "rendered-site-"));
  await cp(site, copy, { recursive: true });
  for (const [name, text] of Object.entries(posts)) await writeFile(join(copy, "content/blog", name), text);
  render = siteRenderer(copy);
});
afterAll(() => rm(copy, { recursive: true, force: true }));

/** Name, attributes and text of every element; fails where the document is not well-formed. */
function elementsOf(xml: string) {
  const found: { name: string; attributes: Readonly<Record<string, string>>; text: string }[] = [];
  const open: (typeof found)[number][] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: "" };
    found.push(element);
    open.push(element);
  });
  parser.on("text", (text) => {
    const element = open.at(-1);
    if (element) element.text += text;
  });
  parser.on("closetag", () => void open.pop());
  parser.write(xml).close();
  return found;
}
const textsOf = (xml: string, name: string) =>
  elementsOf(xml)
    .filter((element) => element.name === name)
    .map(({ text }) => text);
/** Values of an attribute. */
const attribute = ({ body }: Answer, name: string) =>
  [...body.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value = ""]) =>
    value.replaceAll("&#x3D;", "=").replaceAll("&amp;", "&"),
  );

describe.each(paths)("%s", (path) => {
  test.each([
    ["at the root of a host", undefined, ""],
    ["below a path", baseUrl, "/below"],
  ])("answers, and its links and images lead somewhere, %s", (_where, base, below) => {
    const answer = render(path, base === undefined ? {} : { baseUrl: base });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toMatch(/\{\{|undefined|\[object|Error rendering/);
    if (!answer.contentType.startsWith("text/html")) return;
    const own = [...attribute(answer, "href"), ...attribute(answer, "src")]
      .map((target) => new URL(target, `https://example.org${below}${path}`))
      .filter(({ host }) => host === "example.org");
    expect(own.length).toBeGreaterThan(5);
    expect(own.filter(({ pathname }) => !`${pathname}/`.startsWith(`${below}/`))).toEqual([]);
    const dead = own
      .map(({ pathname }) => pathname.slice(below.length))
      .filter((target) =>
        target.startsWith("/static/") ? !existsSync(join(copy, target)) : render(target).status !== 200,
      );
    expect(dead).toEqual([]);
  });

  test("has one title, one heading of the first level, and loads nothing from elsewhere", () => {
    const answer = render(path);
    if (!answer.contentType.startsWith("text/html")) return;
    expect(answer.body.match(/<title>[^<]+<\/title>/g)).toHaveLength(1);
    expect(answer.body.match(/<h1>/g)).toHaveLength(1);
    expect(answer.body).not.toMatch(/<script|<iframe|@import/);
    const loaded = [
      ...attribute(answer, "src"),
      ...[...answer.body.matchAll(/<link rel="(?:icon|stylesheet)"[^>]* href="([^"]*)"/g)].map(
        ([, url]) => url,
      ),
    ];
    expect(loaded.filter((url) => !url?.startsWith("/static/"))).toEqual([]);
  });
});

test("every template is shown by a page, or included by one that is", () => {
  const names = readdirSync(join(site, "templates")).map((name) => name.replace(/\.hbs$/, ""));
  const text = (name: string) => readFileSync(join(site, "templates", `${name}.hbs`), "utf8");
  const direct = paths.map(
    (path) =>
      /^template = "(.+)"/m.exec(
        readFileSync(join(site, "content", `${path === "/" ? "/index" : path}.md`), "utf8"),
      )?.[1] ?? "main",
  );
  const shown = new Set(
    direct.flatMap((name) => [name, ...[...text(name).matchAll(/\{\{> (\w+)/g)].map(([, part]) => part)]),
  );
  expect(names.filter((name) => !shown.has(name))).toEqual([]);
});

test("a page that does not exist, a draft and a post dated ahead are answered by the same 404", () => {
  for (const path of ["/nowhere", "/blog/draft", "/blog/ahead"]) {
    const { status, body } = render(path);
    expect(status).toBe(404);
    expect(body).toContain('<meta name="robots" content="noindex">');
    expect(body).not.toContain("canonical");
    expect(body).toContain("This tag was never pushed");
  }
});

describe("metadata", () => {
  test("names the one address of a page, however it was asked for", () => {
    for (const path of ["/about", "/about/", "/about.html"])
      expect(render(path, { baseUrl }).body).toContain(`<link rel="canonical" href="${baseUrl}/about">`);
    for (const path of ["/", "/index"])
      expect(render(path, { baseUrl }).body).toContain(`<link rel="canonical" href="${baseUrl}/">`);
  });
  test("names no address where base_url is empty", () => {
    expect(render("/about").body).not.toMatch(/canonical|og:url/);
  });
  test("describes a post to those who share it", () => {
    const { body } = render("/blog/moved", { baseUrl });
    expect(body).toContain('<meta property="og:type" content="article">');
    expect(body).toContain('<meta property="og:title" content="A &lt; B &amp; &quot;C&quot;">');
    expect(body).toContain('<meta property="article:published_time" content="2026-11-01T08:00:00Z">');
    expect(body).toContain(`<meta property="og:image" content="${baseUrl}/static/social.png">`);
  });
  test("its picture exists and has the size that it says", () => {
    const picture = readFileSync(join(site, "static/social.png"));
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1200, 630]);
    expect(picture.length).toBeLessThan(60 * 1024);
  });
});

describe("the feed", () => {
  const feed = (visit = {}) => render("/atom", visit);

  test("has what RFC 4287 demands of a feed and of each entry", () => {
    const { contentType, body } = feed({ baseUrl });
    expect(contentType).toBe("application/atom+xml; charset=utf-8");
    const elements = elementsOf(body);
    const count = (name: string) => elements.filter((element) => element.name === name).length;
    const entries = count("entry");
    expect(entries).toBe(5);
    expect([count("id"), count("title"), count("updated")]).toEqual([entries + 1, entries + 1, entries + 1]);
    expect([count("author"), count("published"), count("content")]).toEqual([1, entries, entries]);
    for (const date of [...textsOf(body, "updated"), ...textsOf(body, "published")])
      expect(date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(textsOf(body, "updated")[0]).toBe("2026-11-09T08:00:00Z");
    expect(new Set(textsOf(body, "id")).size).toBe(entries + 1);
  });

  test("links absolutely, from the entries' text as well", () => {
    for (const [visit, start] of [
      [{ baseUrl }, baseUrl],
      [{}, "http://localhost:3000"],
      [{ headers: { "x-forwarded-proto": "https" } }, "https://localhost:3000"],
    ] as const) {
      const elements = elementsOf(feed(visit).body);
      const links = elements.filter(({ name }) => name === "link").map(({ attributes }) => attributes.href);
      expect(links.filter((href) => !href?.startsWith(`${start}/`))).toEqual([]);
      const content = elements.find(({ name, text }) => name === "content" && text.includes("Moved"));
      const targets = [...(content?.text ?? "").matchAll(/(?:href|src)="([^"]*)"/g)].map(
        ([, target = ""]) => new URL(target, content?.attributes["xml:base"]).href,
      );
      expect(targets).toEqual([
        ...[`${start}/blog/moved`, `${start}/about`, `${start}/static/mark.svg`, "https://example.com/x"],
      ]);
    }
  });

  test("keeps its ids when the site or a post moves", () => {
    expect(textsOf(feed({ baseUrl }).body, "id")).toEqual(textsOf(feed().body, "id"));
    expect(textsOf(feed().body, "id")).toContain("tag:spin-publisher,2026:/blog/old-name");
  });

  test("is valid without a single post", async () => {
    const empty = await mkdtemp(join(tmpdir(), "empty-site-"));
    await cp(site, empty, { recursive: true });
    await rm(join(empty, "content/blog"), { recursive: true });
    const { body } = siteRenderer(empty)("/atom");
    expect(textsOf(body, "updated")).toEqual(["1970-01-01T00:00:00Z"]);
    await rm(empty, { recursive: true });
  });
});

test("the sitemap lists every page that visitors can open, and robots.txt names it", () => {
  const { contentType, body } = render("/sitemap.xml", { baseUrl });
  expect(contentType).toBe("application/xml; charset=utf-8");
  const expected = [
    ...paths.filter((path) => !/^\/(?:atom|robots|sitemap)$/.test(path)),
    "/blog/moved",
    "/blog/linking",
  ];
  expect([...textsOf(body, "loc")].sort()).toEqual(expected.map((path) => `${baseUrl}${path}`).sort());
  expect(textsOf(body, "lastmod")).toContain("2026-11-09T08:00:00Z");
  expect(render("/robots.txt", { baseUrl }).body).toContain(`Sitemap: ${baseUrl}/sitemap.xml\n`);
});

test("the style sheet loads nothing, and code scrolls inside its box", () => {
  const css = readFileSync(join(site, "static/site.css"), "utf8");
  expect(css).not.toMatch(/@import|url\(/);
  expect(css).toMatch(/^pre \{[^}]*overflow-x: auto/m);
});

test("addresses are made like the scripts make them", () => {
  expect(["", undefined, "https://a", "https://a/", "https://a/b/c/"].map(prefix)).toEqual([
    "",
    "",
    "",
    "",
    "/b/c",
  ]);
  expect(rootOf("https://a/b/", {})).toBe("https://a/b");
  expect(rootOf("", {})).toBe("");
  expect(["/index", "/a/", "/a.html", "/a.b/c"].map(canonical)).toEqual(["/", "/a", "/a", "/a.b/c"]);
});
