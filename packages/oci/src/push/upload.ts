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

/**
 * A registry without single POST should answer it with 202, but some use these. Each of them may also be a real refusal; then
 * the POST and PUT that follow are refused as well, and that error is shown.
 */
const mayMeanUnsupported = [400, 404, 405, 411, 413, 415];

/**
 * Uploads a blob as one body: in a single POST if the registry supports that (distribution-spec end-4b), else with POST and
 * PUT. After a failure it asks whether the blob arrived anyway, and if not, starts again with a new session: the request that
 * seemed lost may still be writing to the old one (GoogleContainerTools/jib#4301).
 *
 * @param opened a session that is already open.
 * @throws RegistryRefusal, or Error when the content does not match its digest or the network stays down.
 */
export async function uploadBlob(target: UploadTarget, blob: ContentBlob, opened?: URL): Promise<void> {
  const { client, signal } = target;
  const { descriptor } = blob;
  let session = opened;
  let inChunks = false;
  await repeat(
    async (number) => {
      signal.throwIfAborted();
      if (number > 1 && (await hasBlob(target, descriptor, "never"))) return;
      const body = await openBody(client, blob).catch((cause: unknown) => {
        throw new SourceFailure(cause);
      });
      const use = session;
      session = undefined;
      if (inChunks) await uploadInChunks(target, descriptor, body);
      else await uploadWhole(target, descriptor, body, use);
    },
    (error) => {
      if (error instanceof SourceFailure) return undefined; // the source was retried already
      if (error instanceof DamagedContent) return { because: "the content to copy was damaged" };
      if (!(error instanceof RegistryRefusal)) return transientError(error);
      if (error.status === 413 && !inChunks && descriptor.size > chunkSize) {
        inChunks = true;
        return { because: "413, so it is sent in chunks", retryAfterMilliseconds: 0 };
      }
      return lostSession(error);
    },
    // An attempt takes up to three requests, each of which may fail.
    { ...client.retry, attempts: 2 * client.retry.attempts },
    {
      signal,
      onRetry: ({ because, delayMilliseconds }) =>
        client.tell({ kind: "retry", what: `upload of ${descriptor.digest}`, because, delayMilliseconds }),
    },
  ).catch((error: unknown) => {
    throw error instanceof SourceFailure ? error.cause : error;
  });
}

/** The content to upload could not be read. */
class SourceFailure extends Error {
  constructor(cause: unknown) {
    super("", { cause });
  }
}

/** Why an upload is worth another session; undefined if it is not. */
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

/** If the response names another digest than the blob's, asks the registry whether it has the blob. */
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
    `${repository.registry} stored ${digest} as ${stored}. The registry, or a proxy in front of it, damages what it receives.`,
  );
}
