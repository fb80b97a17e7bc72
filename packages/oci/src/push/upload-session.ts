import { refusal } from "../refusals/registry-refusal.ts";
import type { Digest } from "../spec/digest.ts";
import { isPrivateHost } from "../spec/origin.ts";
import type { UploadTarget } from "./upload-target.ts";

/**
 * Opens an upload session (distribution-spec end-4a). Sent once: the upload is retried as a whole.
 *
 * @throws RegistryRefusal when the registry does not open one.
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
  if (session === undefined)
    throw new Error(`${repository.registry} opened an upload without a Location header.`);
  return session;
}

/** The session that a response names in `Location`. @param asked the URL of the request. */
export function sessionIn(response: Response, asked: URL): URL | undefined {
  const location = response.headers.get("location");
  return location === null ? undefined : uploadSession(location, asked);
}

/**
 * Where an opened upload continues (distribution-spec §Pushing a blob): a URL, absolute or relative to the request, whose
 * query must be kept byte for byte, since registries sign it.
 *
 * A registry behind a TLS proxy may give its own address with `http:`; the same host keeps HTTPS (as in ggcr and oras).
 *
 * @throws Error when it leads from a public registry into a private network, or away from TLS.
 */
export function uploadSession(location: string, asked: URL): URL {
  const session = URL.parse(location, asked.href);
  if (session === null || (session.protocol !== "https:" && session.protocol !== "http:")) {
    throw new Error(`${asked.host} opened an upload at "${location}", which is not an HTTP URL.`);
  }
  if (session.hostname === asked.hostname) {
    const lostTls = asked.protocol === "https:" && session.protocol === "http:";
    return lostTls ? new URL(asked.origin + session.pathname + session.search) : session;
  }
  if (isPrivateHost(session.hostname) && !isPrivateHost(asked.hostname)) {
    throw new Error(
      `${asked.host} asks for an upload to be sent to the private address ${session.host}; nothing was sent.`,
    );
  }
  if (asked.protocol === "https:" && session.protocol === "http:") {
    throw new Error(
      `${asked.host} asks for an upload to be sent to ${session.host} without TLS; nothing was sent.`,
    );
  }
  return session;
}

/** The session's URL with the final digest, appended as text: rebuilding the query would re-encode the rest. */
export function withDigest(session: URL, digest: Digest): URL {
  const separator = session.search === "" ? "?" : "&";
  return new URL(`${session.href.replace(/\?$/, "")}${separator}digest=${encodeURIComponent(digest)}`);
}
