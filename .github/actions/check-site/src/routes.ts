import { isObject, type JsonObject, objectsOf } from "@spin-publisher/json";

/** Who answers the requests below one route of spin.toml. */
export interface Route {
  /** `/` or `/static/`: a path, or the beginning of paths where it ends with `/`. */
  readonly prefix: string;
  readonly answers: "bartholomew" | "files" | "other";
  /** Of a file server: folders of the site, and where it has them. */
  readonly mounts: readonly { readonly source: string; readonly destination: string }[];
}

const bartholomew = /(?:^|\/)bartholomew[^/]*\.wasm$/;
const fileServer = /(?:^|\/)(?:spin_static_fs|spin-fileserver|spin_fileserver)[^/]*\.wasm$/;

/**
 * The routes of a manifest of version 1 or 2, the longest first.
 *
 * @param manifest the parsed spin.toml. What is wrong with it is the business of spin-registry-push; here it is skipped.
 */
export function routesOf(manifest: JsonObject): readonly Route[] {
  const components = isObject(manifest.component) ? manifest.component : {};
  const first = objectsOf(manifest.component) ?? [];
  const triggers = (isObject(manifest.trigger) ? objectsOf(manifest.trigger.http) : undefined) ?? [];
  const pairs: readonly (readonly [unknown, unknown])[] = [
    ...first.map((component) => [isObject(component.trigger) && component.trigger.route, component] as const),
    ...triggers.map(
      ({ route, component }) =>
        [route, typeof component === "string" ? components[component] : component] as const,
    ),
  ];
  return pairs
    .flatMap(([route, component]) => (typeof route === "string" ? [routeOf(route, component)] : []))
    .sort((a, b) => b.prefix.length - a.prefix.length);
}

/** Whether a manifest runs Bartholomew, and so has pages to check. */
export function isBartholomewSite(manifest: JsonObject): boolean {
  return routesOf(manifest).some(({ answers }) => answers === "bartholomew");
}

/** Whose route a path is; the longest wins. */
export function routeFor(routes: readonly Route[], path: string): Route | undefined {
  return routes.find(({ prefix }) =>
    prefix.endsWith("/") ? `${path}/`.startsWith(prefix) : path === prefix,
  );
}

function routeOf(route: string, component: unknown): Route {
  const source = isObject(component) ? sourceOf(component.source) : "";
  const answers = bartholomew.test(source) ? "bartholomew" : fileServer.test(source) ? "files" : "other";
  const files = isObject(component) && Array.isArray(component.files) ? component.files : [];
  const mounts = files.flatMap((entry) => {
    if (typeof entry === "string") {
      const folder = entry.replace(/\/?\*.*$/, "");
      return [{ source: folder, destination: `/${folder}` }];
    }
    return isObject(entry) && typeof entry.source === "string" && typeof entry.destination === "string"
      ? [{ source: entry.source, destination: entry.destination }]
      : [];
  });
  return { prefix: route.replace(/\.\.\.$/, ""), answers, mounts };
}

function sourceOf(source: unknown): string {
  if (typeof source === "string") return source;
  return isObject(source) && typeof source.url === "string" ? new URL(source.url, "file:").pathname : "";
}
