/** Where requests for one origin really go: `origin` is matched as a whole, `target` may have a path prefix. */
export interface Mirror {
  readonly origin: string;
  readonly target: string;
}

/**
 * Parses `ORIGIN_MIRRORS`: `https://github.com=http://127.0.0.1:4000` pairs, separated by spaces, commas or line breaks. The left side is an origin (no path), the right side a base URL without query or credentials.
 *
 * @throws Error naming the malformed pair, or the origin that occurs twice.
 */
export function parseMirrors(text: string): readonly Mirror[] {
  const mirrors: Mirror[] = [];
  for (const pair of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const separator = pair.indexOf("=");
    const origin = httpUrl(pair.slice(0, separator));
    const target = httpUrl(pair.slice(separator + 1));
    if (separator < 0 || origin === undefined || target === undefined || origin.pathname !== "/") {
      throw new Error(
        `ORIGIN_MIRRORS expects pairs such as https://github.com=http://127.0.0.1:4000, without credentials or a query, but one of them is "${redacted(pair)}".`,
      );
    }
    if (mirrors.some((mirror) => mirror.origin === origin.origin)) {
      throw new Error(`ORIGIN_MIRRORS lists ${origin.origin} twice. Keep one target for each origin.`);
    }
    mirrors.push({ origin: origin.origin, target: target.href.replace(/\/+$/, "") });
  }
  return mirrors;
}

/** The URL that is requested in place of `url`: its mirror's, or `url` itself if it has none. */
export function mirrored(url: URL, mirrors: readonly Mirror[]): URL {
  const mirror = mirrors.find((candidate) => candidate.origin === url.origin);
  return mirror === undefined ? url : new URL(mirror.target + url.pathname + url.search);
}

/** A malformed pair without anything in it that may be secret. */
function redacted(pair: string): string {
  const sides = pair.split(/=(?=https?:)/);
  return sides.map((side) => side.replace(/\/\/.*@/, "//***@").replace(/[?#].*/, "?***")).join("=");
}

function httpUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const plain =
    url !== null && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  return plain && (url.protocol === "http:" || url.protocol === "https:") ? url : undefined;
}
