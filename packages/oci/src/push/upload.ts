import { patienceFor, repeat, type TransientFailure, transientError } from "@spin-publisher/http";
import { DamagedContent } from "../client/damaged-content.ts";
import { declaredDigest } from "../client/pull.ts";
import type { RequestBody } from "../client/types.ts";
import { RegistryRefusal, refusal } from "../refusals/registry-refusal.ts";
import type { Blob as ContentBlob } from "../spec/artifact.ts";
import type { Descriptor } from "../spec/image-spec.ts";
import { openBody } from "./blob-body.ts";
import { hasBlob } from "./blob-presence.ts";
import { chunkSize, uploadInChunks } from "./chunked-upload.ts";
import { openSession, sessionIn, withDigest } from "./upload-session.ts";
import type { UploadTarget } from "./upload-target.ts";

/** The specification wants 202 from a registry that knows no single POST. What these really mean the next request shows. */
const mayMeanUnsupported = [400, 404, 405, 411, 413, 415];

/**
 * Uploads a blob as one body: in a single POST where the registry takes that (distribution-spec end-4b), else POST and
 * PUT. After a failure it looks whether the blob arrived all the same, and otherwise starts again with a new session: an
 * old one may still be written to by the request that seemed lost (GoogleContainerTools/jib#4301).
 *
 * @param opened a session that is open already.
 * @throws RegistryRefusal, or Error when the content is not what its digest says or the network stays down.
 */
export async function uploadBlob(target: UploadTarget, blob: ContentBlob, opened?: URL): Promise<void> {
  const { client, signal } = target;
  const { descriptor } = blob;
  let session = opened;
  let inChunks = false;
  let opening = false;
  await repeat(
    async (number) => {
      signal.throwIfAborted();
      if (number > 1 && (await hasBlob(target, descriptor, "never"))) return;
      opening = true;
      const body = await openBody(client, blob);
      opening = false;
      const use = session;
      session = undefined;
      if (inChunks) await uploadInChunks(target, descriptor, body);
      else await uploadWhole(target, descriptor, body, use);
    },
    (error) => {
      if (opening) return undefined; // reading a source has its own retries
      if (error instanceof DamagedContent) return { because: "what was to be copied came damaged" };
      if (!(error instanceof RegistryRefusal)) return transientError(error);
      if (error.status === 413 && !inChunks && descriptor.size > chunkSize) {
        inChunks = true;
        return { because: "413, so it is sent in pieces", retryAfterMilliseconds: 0 };
      }
      return lostSession(error);
    },
    // An attempt is up to three requests, each of which may fail.
    { ...client.retry, attempts: 2 * client.retry.attempts },
    {
      signal,
      onRetry: ({ because, delayMilliseconds }) =>
        client.tell({ kind: "retry", what: `upload of ${descriptor.digest}`, because, delayMilliseconds }),
    },
  );
}

/** What makes an upload worth another session. */
function lostSession(refused: RegistryRefusal): TransientFailure | undefined {
  const lost = refused.status === 416 || refused.hasCode("BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID");
  return lost || refused.isTransient ? { because: `${refused.status}` } : undefined;
}

async function uploadWhole(
  target: UploadTarget,
  descriptor: Descriptor,
  body: RequestBody,
  opened: URL | undefined,
): Promise<void> {
  const { client, repository } = target;
  const { digest, size } = descriptor;
  let session = opened;
  if (session === undefined && client.singlePost.tries(repository.registry, size)) {
    const path = `blobs/uploads/?digest=${encodeURIComponent(digest)}`;
    const response = await sendBody(target, "POST", path, body);
    if (response.status !== 202 && !mayMeanUnsupported.includes(response.status)) {
      await requireStored(response, target, descriptor);
      client.singlePost.learned(repository.registry, true);
      return;
    }
    await response.body?.cancel();
    client.singlePost.learned(repository.registry, false);
    if (response.status === 202) session = sessionIn(response, client.url(repository, path));
  }
  session ??= await openSession(target);
  await requireStored(await sendBody(target, "PUT", withDigest(session, digest), body), target, descriptor);
}

function sendBody(
  { client, repository, signal }: UploadTarget,
  method: "POST" | "PUT",
  path: string | URL,
  body: RequestBody,
): Promise<Response> {
  const headers = { "content-type": "application/octet-stream" };
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(patienceFor(body.size))]);
  return client.send({
    method,
    repository,
    path,
    access: "push",
    headers,
    body,
    signal: inTime,
    retry: "never",
  });
}

/** Where the answer names another digest than the blob was sent for, the registry is asked whether it has the right one. */
async function requireStored(
  response: Response,
  target: UploadTarget,
  descriptor: Descriptor,
): Promise<void> {
  const { repository } = target;
  const { digest } = descriptor;
  if (response.status !== 201) throw await refusal(response, "take", { ...repository, digest });
  await response.body?.cancel();
  const stored = declaredDigest(response);
  if (stored === undefined || stored === digest || (await hasBlob(target, descriptor, "never"))) return;
  throw new Error(
    `${repository.registry} stored ${digest} as ${stored}; the registry or the way to it is damaged.`,
  );
}
