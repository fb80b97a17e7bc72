import { lineAt } from "./finding.ts";

export interface Link {
  /** As it is written. */
  readonly target: string;
  readonly line: number;
  /** Inline links of Markdown are translated by Bartholomew: `maybe_translate_relative_link` in its src/content.rs. */
  readonly translated: boolean;
}

/** Links and images of a page's Markdown and of the HTML in it; code is skipped. */
export function linksOfMarkdown(body: string, firstLine: number): readonly Link[] {
  const text = withoutCode(body);
  const links = (pattern: RegExp, translated: boolean) =>
    [...text.matchAll(pattern)].map(({ 1: target = "", index }) => ({
      target,
      line: firstLine + lineAt(text, index) - 1,
      translated,
    }));
  // An image's address is not translated, and what stands inside a link's text may be one.
  const inline = [...text.matchAll(/(!?\[[^\]]*)?\]\(\s*<?([^\s)>]+)/g)].map(
    ({ 1: opening = "", 2: target = "", index }) => ({
      target,
      line: firstLine + lineAt(text, index) - 1,
      translated: !opening.startsWith("!"),
    }),
  );
  return [
    ...inline,
    ...links(/^ {0,3}\[[^\]^][^\]]*\]:[ \t]*<?([^\s>]+)/gm, false),
    ...linksOfHtml(text).map((link) => ({ ...link, line: firstLine + link.line - 1 })),
  ];
}

/** Values of `href`, `src` and `poster`; what a template computes is left out, but for the site's address before a path. */
export function linksOfHtml(text: string): readonly Link[] {
  return [...text.matchAll(/\s(?:href|src|poster)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)]
    .map(({ 1: double, 2: single, index }) => ({
      target: (double ?? single ?? "").replace(/^\{\{(?:prefix|root)\b[^}]*\}\}(?=\/)/, ""),
      line: lineAt(text, index + 1),
      translated: false,
    }))
    .filter(({ target }) => !target.includes("{{"));
}

/** What a page calls with `#name`: headings with `{#name}`, and elements with an `id`. */
export function anchorsOf(text: string): readonly string[] {
  return [
    ...[...text.matchAll(/^#{1,6} .*\{[^}\n]*#([^\s}]+)[^}\n]*\}\s*$/gm)].map(([, id = ""]) => id),
    ...[...text.matchAll(/\s(?:id|name)\s*=\s*["']([^"'{]+)["']/g)].map(([, id = ""]) => id),
  ];
}

/** Markdown with blanks in place of code and comments, which keep their lines. */
export function withoutCode(markdown: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, " ");
  return markdown
    .replace(/^( {0,3})(`{3,}|~{3,})[^\n]*\n(?:[\s\S]*?\n)?? {0,3}\2[`~]*[ \t]*$/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/(?<!`)(`+)(?!`)(?:(?!\n\n)[\s\S])*?(?<!`)\1(?!`)/g, blank);
}
