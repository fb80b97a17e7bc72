import { messageOf } from "@spin-publisher/errors";
import { type LoopbackServer, listenOnLoopback } from "../loopback.ts";
import { bodyOf } from "./answer.ts";

export interface RelayOptions {
  /** Who really answers: `https://api.github.com`. */
  readonly origin: string;
  /** Replaces the token of a request, which the service does not know; without it, requests are anonymous. */
  readonly token?: string;
  /** The platform's `fetch` by default. */
  readonly fetch?: (input: string | URL, init?: RequestInit) => Promise<Response>;
}

/** Forwards requests to a real service with another credential: it does not accept the token of a sandbox job. */
export async function startRelay({
  origin,
  token,
  fetch: send = fetch,
}: RelayOptions): Promise<LoopbackServer> {
  return listenOnLoopback(async (message, response) => {
    const { accept = "*/*", "content-type": contentType } = message.headers;
    const { method = "GET", url = "/" } = message;
    try {
      const answer = await send(origin + url, {
        method,
        headers: {
          accept,
          ...(contentType === undefined ? {} : { "content-type": contentType }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        redirect: "manual",
        ...(method === "GET" || method === "HEAD" ? {} : { body: Buffer.from(await bodyOf(message)) }),
      });
      const kept = [...answer.headers].filter(([name]) =>
        /^(?:content-type|link|location|retry-after|x-ratelimit-.*)$/.test(name),
      );
      response.writeHead(answer.status, Object.fromEntries(kept));
      response.end(Buffer.from(await answer.arrayBuffer()));
    } catch (error) {
      response.writeHead(502, { "content-type": "text/plain" });
      response.end(`${origin} cannot be reached: ${messageOf(error)}`);
    }
  }, 0);
}
