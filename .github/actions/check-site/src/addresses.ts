import type { Page } from "./front-matter.ts";
import { anchorsOf, type Link } from "./links.ts";
import { type Route, routeFor } from "./routes.ts";

/** Everything that an address of the site can mean. */
export interface Addresses {
  readonly routes: readonly Route[];
  /** By path of the file. */
  readonly pages: ReadonlyMap<string, Page>;
  readonly paths: ReadonlySet<string>;
  /** Anchors of the templates, which every page may have. */
  readonly templateAnchors: readonly string[];
}

/** The path at which Bartholomew serves a file below content/. */
export function addressOf(file: string): string {
  const path = file.replace(/^content/, "").replace(/\.md$/, "");
  return path === "/index" ? "/" : path;
}

/** Why a link of the page at `from` leads nowhere; undefined where it does, or leads elsewhere. */
export function whyBroken(
  { target, translated }: Link,
  from: string,
  addresses: Addresses,
): string | undefined {
  if (/^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(target)) return undefined;
  if (/^[a-z][a-z0-9+.-]*:/i.test(target))
    return translated
      ? `Bartholomew turns "${target}" into a path of this site. Write <${target.replace(/^mailto:/, "")}>, or an HTML link.`
      : undefined;
  const url = resolve(target, from, translated);
  if (url === undefined) return `"${target}" is not an address.`;
  const { path, anchor } = url;
  const route = routeFor(addresses.routes, path);
  if (route === undefined) return `"${target}": no route of spin.toml answers ${path}.`;
  if (route.answers === "files") return whyNoFile(target, path, route, addresses);
  if (route.answers === "other") return undefined;
  return whyNoPage(target, { path, anchor }, from, addresses);
}

/** A link as the browser resolves it, after what Bartholomew does to links of Markdown. */
function resolve(target: string, from: string, translated: boolean) {
  const written = translated ? target.replaceAll(".md", "") : target;
  try {
    const url = new URL(written, `http://site${from}`);
    return { path: decodeURIComponent(url.pathname), anchor: decodeURIComponent(url.hash.slice(1)) };
  } catch {
    return undefined;
  }
}

function whyNoFile(target: string, path: string, { prefix, mounts }: Route, { paths }: Addresses) {
  const served = `/${path.slice(prefix.length)}`;
  const files = mounts.flatMap(({ source, destination }) => {
    const mount = destination.endsWith("/") ? destination : `${destination}/`;
    return served.startsWith(mount) ? [`${source.replace(/\/$/, "")}/${served.slice(mount.length)}`] : [];
  });
  return files.some((file) => paths.has(file) || paths.has(`${file.replace(/\/$/, "")}/index.html`))
    ? undefined
    : `"${target}" does not exist: there is no file ${files[0] ?? served}.`;
}

function whyNoPage(
  target: string,
  { path, anchor }: { path: string; anchor: string },
  from: string,
  { pages, paths, templateAnchors }: Addresses,
) {
  // The file that Bartholomew looks for: any extension is replaced.
  const bare = path === "/" ? "/index" : path.replace(/\/$/, "").replace(/(?<=[^/])\.[^./]*$/, "");
  const page = pages.get(`content${bare}.md`);
  if (page === undefined) {
    // A page that cannot be read has its own finding.
    if (paths.has(`content${bare}.md`)) return undefined;
    const index = pages.has(`content${bare}/index.md`) ? ` Link to ${bare}/index.` : "";
    return `"${target}" does not exist: there is no page content${bare}.md.${index}`;
  }
  if (page.head.published === false && addressOf(page.file) !== from)
    return `"${target}" is a draft (published = false), which visitors cannot open.`;
  if (anchor === "" || anchor === "top" || [...anchorsOf(page.body), ...templateAnchors].includes(anchor))
    return undefined;
  return `"${target}": ${page.file} has no "${anchor}". Name a heading with {#${anchor}}.`;
}
