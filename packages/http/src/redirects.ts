import type { Exchange, ExchangeInit } from "./network.ts";
import { headerEntries, rebuilt } from "./rebuild-response.ts";
import { noted } from "./response-notes.ts";

/** Headers that do not identify the sender; all others are sent only to the origin they were meant for. */
const impersonal = new Set([
  "accept",
  "accept-encoding",
  "content-length",
  "content-type",
  "range",
  "user-agent",
]);

const redirecting = [301, 302, 303, 307, 308];

/**
 * Follows redirects by hand rather than let the platform choose which headers to drop: only headers that identify nobody
 * leave the origin (RFC 9110 §15.4; object stores refuse a request that has both a signed URL and `Authorization`).
 *
 * @param actual the URL that is really requested for a URL (its mirror's).
 * @throws Error after `limit` redirects, on a redirect to a URL that is not HTTP, and on one from HTTPS to plain HTTP.
 */
export function followRedirects(actual: (url: URL) => URL, exchange: Exchange, limit = 5): Exchange {
  return async (url, init) => {
    let current = url;
    let request = init;
    for (let hops = 0; ; hops += 1) {
      const asked = actual(current);
      const answer = await exchange(asked, { ...request, redirect: "manual" });
      const response = await asFromOrigin(answer, current, asked);
      const follows = init.redirect !== "manual" && !losesItsMeaning(response.status, request);
      const next = follows ? target(response, current, asked) : undefined;
      if (next === undefined) {
        if (current.origin === url.origin) return response;
        return noted(await unchallenged(response), { answeredBy: current.origin });
      }
      await response.body?.cancel();
      if (hops === limit) {
        throw new Error(
          `${place(url)} redirects more than ${limit} times; the last one leads to ${place(next)}.`,
        );
      }
      request = requestAfter(response.status, request, current.origin === next.origin, place(current));
      current = next;
    }
  };
}

/** Removes the challenge of another origin: credentials for the requested server must not answer it. */
async function unchallenged(response: Response): Promise<Response> {
  if (!response.headers.has("www-authenticate")) return response;
  return rebuilt(response, {
    headers: [...response.headers].filter(([name]) => name !== "www-authenticate"),
  });
}

/** A URL for messages, without anything that may be secret (credentials, signed queries). */
export function place(url: URL): string {
  return url.origin + url.pathname;
}

function target(response: Response, current: URL, asked: URL): URL | undefined {
  const location = response.headers.get("location");
  if (!redirecting.includes(response.status) || location === null) return undefined;
  const next = URL.parse(location, current.href);
  if (next === null || (next.protocol !== "https:" && next.protocol !== "http:")) {
    throw new Error(`${place(current)} redirects to something that is not an HTTP URL.`);
  }
  if (next.username !== "" || next.password !== "") {
    throw new Error(
      `${place(current)} redirects to ${place(next)} with credentials in the URL, which are not supported.`,
    );
  }
  if (asked.protocol === "https:" && next.protocol === "http:") {
    throw new Error(
      `${place(current)} redirects from HTTPS to plain HTTP (${place(next)}), which is not followed.`,
    );
  }
  return next;
}

/** Whether following a redirect would turn a request that `keepsMethod` into a GET. */
function losesItsMeaning(status: number, { method = "GET", keepsMethod }: ExchangeInit): boolean {
  return keepsMethod === true && becomesGet(status, method.toUpperCase());
}

function becomesGet(status: number, method: string): boolean {
  return (status === 303 && method !== "HEAD") || (method === "POST" && (status === 301 || status === 302));
}

/** RFC 9110 §15.4: 303 requests a GET, 301 and 302 turn POST into GET, 307 and 308 repeat the request. */
function requestAfter(
  status: number,
  request: ExchangeInit,
  sameOrigin: boolean,
  from: string,
): ExchangeInit {
  const method = (request.method ?? "GET").toUpperCase();
  const kept = headerEntries(request.headers).filter(([name]) => sameOrigin || impersonal.has(name));
  if (!becomesGet(status, method)) {
    if (request.body instanceof ReadableStream) {
      throw new Error(`${from} redirects an upload that can be sent only once; it was not sent there.`);
    }
    return { ...request, headers: Object.fromEntries(kept) };
  }
  const { body: _body, ...rest } = request;
  const headers = kept.filter(([name]) => name !== "content-type" && name !== "content-length");
  return { ...rest, method: "GET", headers: Object.fromEntries(headers) };
}

/**
 * A mirror's own address appears in an absolute `Location` and, for a registry, in the realm of its challenge. Replaces it with
 * the origin that the caller requested, to which credentials are bound.
 */
async function asFromOrigin(response: Response, current: URL, asked: URL): Promise<Response> {
  const location = response.headers.get("location");
  const challenge = response.headers.get("www-authenticate");
  if (asked.href === current.href || (location === null && challenge === null)) return response;
  const mirror = asked.href.slice(0, asked.href.length - (current.pathname + current.search).length);
  const next = location === null ? null : URL.parse(location, asked.href);
  const headers = new Map(response.headers);
  if (next !== null && `${next.href}/`.startsWith(`${mirror}/`)) {
    headers.set("location", current.origin + next.href.slice(mirror.length));
  }
  if (challenge !== null) {
    headers.set("www-authenticate", challenge.replaceAll(`realm="${mirror}/`, `realm="${current.origin}/`));
  }
  return rebuilt(response, { headers });
}
