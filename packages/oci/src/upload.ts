import { repeat, type TransientFailure, transientError } from "@spin-publisher/http";
import type { Blob as ContentBlob } from "./artifact.ts";
import { openBody } from "./blob-body.ts";
import type { Descriptor } from "./documents.ts";
import { declaredDigest } from "./pull.ts";
import type { Repository } from "./reference.ts";
import { RegistryRefusal, refusal } from "./refusals.ts";
import type { RegistryClient, RequestBody } from "./registry.ts";
import { uploadSession, withDigest } from "./upload-session.ts";

/** Where blobs are brought. */
export interface UploadTarget {
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly signal: AbortSignal;
}

/** A single POST is tried with bodies of this size before it is known whether the registry takes them. */
const trialSize = 4 << 10;
/** And up to this size afterwards; a longer body is worth an opened session. */
const singlePostLimit = 1 << 20;

/** Whether the repository has a blob (distribution-spec end-2). A registry that will not say counts as a no. */
export async function hasBlob(
  { client, repository, signal }: UploadTarget,
  descriptor: Descriptor,
): Promise<boolean> {
  const { digest, size } = descriptor;
  const response = await client.send({
    method: "HEAD",
    repository,
    path: `blobs/${digest}`,
    access: "push",
    signal,
  });
  if (response.status === 200) {
    const length = response.headers.get("content-length");
    return length === null || Number(length) === size;
  }
  if ([403, 404, 405].includes(response.status)) return false;
  throw await refusal(response, "say whether it has", { ...repository, digest });
}

/**
 * Asks the registry to take a blob over from another of its repositories (end-11).
 *
 * @returns `mounted`, or the upload session that was opened instead, if any. No mount is no error: registries refuse
 *   in many ways what the spec answers with 202 (quay/quay#899, goharbor/harbor#17097).
 */
export async function mountBlob(
  { client, repository, signal }: UploadTarget,
  { digest }: Descriptor,
  from: Repository,
): Promise<"mounted" | URL | undefined> {
  const response = await client.send({
    method: "POST",
    repository,
    path: `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from.name)}`,
    access: "push",
    alsoPull: from,
    signal,
  });
  await response.body?.cancel();
  if (response.status === 201) return "mounted";
  return response.status === 202 ? sessionOf(client, response, repository) : undefined;
}

/**
 * Uploads a blob as one body: in a single POST where the registry takes that (end-4b), else POST and PUT. After a
 * failure it looks whether the blob arrived all the same, and otherwise starts again with a new session: an old one
 * may still be written to by the request that seemed lost (GoogleContainerTools/jib#4301).
 *
 * @throws RegistryRefusal, or Error when the content is not what its digest says or the network stays down.
 */
export async function uploadBlob(target: UploadTarget, blob: ContentBlob, opened?: URL): Promise<void> {
  const { client, repository, signal } = target;
  const { digest } = blob.descriptor;
  let session = opened;
  await repeat(
    async (number) => {
      if (number > 1 && (await hasBlob(target, blob.descriptor))) return;
      const body = await openBody(client, blob);
      const response = await sendBody(target, blob.descriptor, body, session);
      session = undefined;
      if (response.status !== 201) throw await refusal(response, "take", { ...repository, digest });
      requireDigest(response, blob.descriptor, repository);
      await response.body?.cancel();
    },
    (error) => {
      session = undefined;
      return restartable(error);
    },
    client.retry,
    {
      signal,
      onRetry: ({ because, delayMilliseconds }) =>
        client.tell({ kind: "retry", what: `upload of ${digest}`, because, delayMilliseconds }),
    },
  );
}

async function sendBody(
  target: UploadTarget,
  { digest, size }: Descriptor,
  body: RequestBody,
  opened: URL | undefined,
): Promise<Response> {
  const { client, repository, signal } = target;
  const headers = { "content-type": "application/octet-stream" };
  const accepts = client.takesSinglePost.get(repository.registry);
  let session = opened;
  if (
    session === undefined &&
    accepts !== false &&
    size <= (accepts === true ? singlePostLimit : trialSize)
  ) {
    const path = `blobs/uploads/?digest=${encodeURIComponent(digest)}`;
    const response = await client.send({
      method: "POST",
      repository,
      path,
      access: "push",
      headers,
      body,
      signal,
    });
    if (response.status === 201) client.takesSinglePost.set(repository.registry, true);
    if (response.status !== 202) return response;
    client.takesSinglePost.set(repository.registry, false);
    await response.body?.cancel();
    session = sessionOf(client, response, repository);
  }
  session ??= await openSession(target, digest);
  const path = withDigest(session, digest);
  return client.send({
    method: "PUT",
    repository,
    path,
    access: "push",
    headers,
    body,
    signal,
    retry: "never",
  });
}

async function openSession({ client, repository, signal }: UploadTarget, digest: string): Promise<URL> {
  const response = await client.send({
    method: "POST",
    repository,
    path: "blobs/uploads/",
    access: "push",
    signal,
  });
  if (response.status !== 202) throw await refusal(response, `open an upload of ${digest} to`, repository);
  await response.body?.cancel();
  const session = sessionOf(client, response, repository);
  if (session === undefined) throw new Error(`${repository.registry} opened an upload without saying where.`);
  return session;
}

function sessionOf(client: RegistryClient, response: Response, repository: Repository): URL | undefined {
  const location = response.headers.get("location");
  return location === null ? undefined : uploadSession(location, client.url(repository, "blobs/uploads/"));
}

/** A registry that stores a blob under another digest than the one it was sent for is not to be trusted with a tag. */
function requireDigest(response: Response, { digest }: Descriptor, repository: Repository): void {
  const stored = declaredDigest(response);
  if (stored !== undefined && stored !== digest && stored.startsWith("sha256:")) {
    throw new Error(
      `${repository.registry} stored ${digest} as ${stored}; the registry or the way to it is damaged.`,
    );
  }
}

/** What makes an upload worth another session. */
function restartable(error: unknown): TransientFailure | undefined {
  if (!(error instanceof RegistryRefusal)) return transientError(error);
  const lost = error.status === 416 || error.hasCode("BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID");
  return lost || error.isTransient ? { because: `${error.status}` } : undefined;
}
