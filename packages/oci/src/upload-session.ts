import type { Digest } from "./digest.ts";
import { isPrivateHost } from "./origin.ts";

/**
 * Where an opened upload continues (distribution-spec §Pushing a blob): relative to the request or absolute, its query
 * to be kept byte for byte, since registries sign it.
 *
 * A registry behind a TLS proxy may name itself with `http:`; the host decides, and it stays HTTPS (ggcr and oras
 * repair the same).
 *
 * @param asked the URL of the request that opened it.
 * @throws Error when it leads from a public registry into a private network.
 */
export function uploadSession(location: string, asked: URL): URL {
  const session = URL.parse(location, asked.href);
  if (session === null || (session.protocol !== "https:" && session.protocol !== "http:")) {
    throw new Error(`${asked.host} opened an upload at "${location}", which is not a web address.`);
  }
  if (session.hostname === asked.hostname) {
    if (asked.protocol === "https:" && session.protocol === "http:") {
      return new URL(asked.origin + session.pathname + session.search);
    }
    return session;
  }
  if (isPrivateHost(session.hostname) && !isPrivateHost(asked.hostname)) {
    throw new Error(
      `${asked.host} wants an upload sent to the private address ${session.host}; nothing was sent.`,
    );
  }
  if (asked.protocol === "https:" && session.protocol === "http:") {
    throw new Error(`${asked.host} wants an upload sent to ${session.host} without TLS; nothing was sent.`);
  }
  return session;
}

/** The session's URL with the digest that finishes it, added as text: building the query anew would change the rest. */
export function withDigest(session: URL, digest: Digest): URL {
  const separator = session.search === "" ? "?" : "&";
  return new URL(`${session.href.replace(/\?$/, "")}${separator}digest=${encodeURIComponent(digest)}`);
}
