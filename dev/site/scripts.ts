// What the scripts of site/ return, and the helpers of Bartholomew 0.9 that its templates use. Bartholomew runs the
// scripts with Rhai; docs/your-site.md says when both were last compared on every page.

export type Request = Readonly<Record<string, string>>;
export interface Head {
  readonly title: string;
  readonly date?: string;
  readonly template?: string;
  readonly content_type?: string;
  readonly redirect?: string;
  readonly status?: number;
  readonly published?: boolean;
  readonly enable_shortcodes?: boolean;
  readonly path_info?: string;
  readonly extra?: Readonly<Record<string, string>>;
}
export interface PageValues {
  readonly head: Head;
  readonly body: string;
  readonly published: boolean;
}
type Pages = Readonly<Record<string, PageValues>>;

/** site/scripts/root.rhai */
export function root(base: string | undefined, request: Request): string {
  if (base !== undefined && base !== "") return base.replace(/\/$/, "");
  const address = /^https?:\/\/[^/]*/.exec(request["spin-full-url"] ?? "")?.[0] ?? "";
  return request["x-forwarded-proto"] === "https" ? address.replace("http://", "https://") : address;
}

/** site/scripts/prefix.rhai */
export function prefix(base: string | undefined): string {
  return (/^[^/]*:\/\/[^/]*(\/.*)$/.exec(base ?? "")?.[1] ?? "").replace(/\/$/, "");
}

/** site/scripts/rebase.rhai */
export function rebase(html: string, start: string): string {
  return html.replaceAll('href="/', `href="${start}/`).replaceAll('src="/', `src="${start}/`);
}

/** site/scripts/canonical.rhai */
export function canonical(path: string): string {
  const bare = path.replace(/\/$/, "").replace(/(?<=[^/])\.[^/]*$/, "");
  return bare === "/index" ? "/" : bare;
}

/** site/scripts/newest.rhai */
export function newest(pages: Pages): string {
  const dates = Object.entries(pages)
    .filter(([file]) => file.startsWith("/content/blog/"))
    .map(([, { head }]) => head.extra?.updated ?? head.date ?? "");
  return ["1970-01-01T00:00:00Z", ...dates].sort().at(-1) ?? "";
}

/** site/scripts/posts.rhai */
export function posts(pages: Pages) {
  return Object.entries(pages)
    .filter(([file]) => file.startsWith("/content/blog/") && file.endsWith(".md"))
    .map(([file, page]) => {
      const uri = uriOf(file);
      const { id = uri, updated = page.head.date } = page.head.extra ?? {};
      return { uri, id, updated, page };
    })
    .sort((a, b) => ((a.page.head.date ?? "") < (b.page.head.date ?? "") ? 1 : -1));
}

/** site/scripts/addresses.rhai */
export function addresses(pages: Pages) {
  return Object.entries(pages)
    .filter(
      ([file, { head }]) =>
        file.endsWith(".md") &&
        head.content_type === undefined &&
        head.redirect === undefined &&
        head.status === undefined,
    )
    .map(([file, { head }]) => {
      const uri = uriOf(file);
      return { uri: uri === "/index" ? "/" : uri, changed: head.extra?.updated ?? head.date };
    });
}

/** site/shortcodes/note.rhai */
export function note(title: string, text: string): string {
  return `<aside class="note"><strong>${title}</strong> ${text}</aside>`;
}

/** site/shortcodes/result.rhai */
export function result(outcome: string, text: string): string {
  return `<span class="result ${outcome}">${outcome === "ok" ? "unchanged" : "refused"}</span> ${text}`;
}

/** `date_format` of handlebars_sprig, with the parts of chrono's strftime that the site uses. */
export function dateFormat(format: string, date: string): string {
  const time = new Date(date);
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(time);
  const parts: Readonly<Record<string, () => string>> = {
    "%-d": () => part({ day: "numeric" }),
    "%d": () => part({ day: "2-digit" }),
    "%B": () => part({ month: "long" }),
    "%m": () => part({ month: "2-digit" }),
    "%Y": () => part({ year: "numeric" }),
  };
  return format.replace(/%-?[A-Za-z]/g, (code) => {
    const text = parts[code];
    if (text === undefined)
      throw new Error(`date_format: ${code} is not known here; add it to dev/site/scripts.ts.`);
    return text();
  });
}

function uriOf(file: string): string {
  return file.slice("/content".length, -".md".length);
}
