/** Where requests for one origin really go: `origin` is matched whole, `target` may carry a path prefix. */
export interface Mirror {
  readonly origin: string;
  readonly target: string;
}

/**
 * Parses `ORIGIN_MIRRORS`: `https://github.com=http://127.0.0.1:4000` pairs, separated by blanks, commas or
 * line breaks. The left side is an origin (no path), the right side a base URL without query or credentials.
 *
 * @throws Error naming the pair that is not of this form, or the origin that is named twice.
 */
export function parseMirrors(text: string): readonly Mirror[] {
  const mirrors: Mirror[] = [];
  for (const pair of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const separator = pair.indexOf("=");
    const origin = httpUrl(pair.slice(0, separator));
    const target = httpUrl(pair.slice(separator + 1));
    if (separator < 0 || origin === undefined || target === undefined || origin.pathname !== "/") {
      throw new Error(
        `ORIGIN_MIRRORS wants pairs such as https://github.com=http://127.0.0.1:4000, without credentials or a query, but one of them is "${shown(pair)}".`,
      );
    }
    if (mirrors.some((mirror) => mirror.origin === origin.origin)) {
      throw new Error(`ORIGIN_MIRRORS names ${origin.origin} twice; keep one target for each origin.`);
    }
    mirrors.push({ origin: origin.origin, target: target.href.replace(/\/+$/, "") });
  }
  return mirrors;
}

/** The URL that is really asked for `url`: its mirror's, or `url` itself where no mirror is set. */
export function mirrored(url: URL, mirrors: readonly Mirror[]): URL {
  const mirror = mirrors.find((candidate) => candidate.origin === url.origin);
  return mirror === undefined ? url : new URL(mirror.target + url.pathname + url.search);
}

/** A pair without what may be secret in it, whatever else is wrong with it. */
function shown(pair: string): string {
  const sides = pair.split(/=(?=https?:)/);
  return sides.map((side) => side.replace(/\/\/.*@/, "//***@").replace(/[?#].*/, "?***")).join("=");
}

function httpUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const plain =
    url !== null && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  return plain && (url.protocol === "http:" || url.protocol === "https:") ? url : undefined;
}
