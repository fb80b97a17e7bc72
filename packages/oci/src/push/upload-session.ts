import { refusal } from "../refusals/registry-refusal.ts";
import type { Digest } from "../spec/digest.ts";
import { isPrivateHost } from "../spec/origin.ts";
import type { UploadTarget } from "./upload-target.ts";

/**
 * Opens an upload (distribution-spec end-4a). Asked once: the upload is tried again as a whole.
 *
 * @throws RegistryRefusal when the registry opens none.
 */
export async function openSession({ client, repository, signal }: UploadTarget): Promise<URL> {
  const path = "blobs/uploads/";
  const response = await client.send({
    method: "POST",
    repository,
    path,
    access: "push",
    signal,
    retry: "never",
  });
  if (response.status !== 202) throw await refusal(response, "open an upload to", repository);
  await response.body?.cancel();
  const session = sessionIn(response, client.url(repository, path));
  if (session === undefined) throw new Error(`${repository.registry} opened an upload without saying where.`);
  return session;
}

/** The session that an answer names in `Location`. @param asked the URL of the request. */
export function sessionIn(response: Response, asked: URL): URL | undefined {
  const location = response.headers.get("location");
  return location === null ? undefined : uploadSession(location, asked);
}

/**
 * Where an opened upload continues (distribution-spec §Pushing a blob): relative to the request or absolute, its query
 * to be kept byte for byte, since registries sign it.
 *
 * A registry behind a TLS proxy may name itself with `http:`; the host decides, and it stays HTTPS (ggcr and oras repair
 * the same).
 *
 * @throws Error when it leads from a public registry into a private network, or away from TLS.
 */
export function uploadSession(location: string, asked: URL): URL {
  const session = URL.parse(location, asked.href);
  if (session === null || (session.protocol !== "https:" && session.protocol !== "http:")) {
    throw new Error(`${asked.host} opened an upload at "${location}", which is not a web address.`);
  }
  if (session.hostname === asked.hostname) {
    const lostTls = asked.protocol === "https:" && session.protocol === "http:";
    return lostTls ? new URL(asked.origin + session.pathname + session.search) : session;
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
