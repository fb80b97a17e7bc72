import { patienceFor, type TransientFailure } from "@spin-publisher/http";
import { DamagedContent } from "../client/damaged-content.ts";
import { declaredDigest } from "../client/pull.ts";
import { retryWork } from "../client/retry-work.ts";
import type { RequestBody } from "../client/types.ts";
import { RegistryRefusal, refusal, transientFailure } from "../refusals/registry-refusal.ts";
import type { Blob as ContentBlob } from "../spec/artifact.ts";
import type { Descriptor } from "../spec/image-spec.ts";
import { openBody, SourceFailure } from "./blob-body.ts";
import { hasBlob } from "./blob-presence.ts";
import { chunkSize, uploadInChunks } from "./chunked-upload.ts";
import { UnreachableSession } from "./unreachable-session.ts";
import { openSession, sessionIn, withDigest } from "./upload-session.ts";
import type { UploadTarget } from "./upload-target.ts";

/**
 * A registry without single POST should answer it with 202, but some use these. Each of them may also be a real refusal; then
 * the POST and PUT that follow are refused as well, and that error is shown.
 */
const mayMeanUnsupported = [200, 204, 400, 404, 405, 411, 413, 415, 501];

/** Statuses of a PUT by which a registry may mean that it takes bodies with PATCH only. */
const mayWantChunks = [400, 404, 405, 416, 501];

/** How often something is retried that another session or connection rarely changes. */
const attempts = { lostSession: 4, unreachable: 3 };

/**
 * Uploads a blob as one body: in a single POST if the registry supports that (distribution-spec end-4b), else with POST and
 * PUT, and in chunks if it refuses that too. After a failure it asks whether the blob arrived anyway, and if not, starts again
 * with a new session: the request that seemed lost may still be writing to the old one (GoogleContainerTools/jib#4301).
 *
 * @param opened a session that is already open.
 * @param onSent called while a streamed body is sent, with the bytes sent since this attempt began.
 * @throws RegistryRefusal, or Error when the content does not match its digest or the network stays down.
 */
export async function uploadBlob(
  target: UploadTarget,
  blob: ContentBlob,
  opened?: URL,
  onSent: (bytes: number) => void = () => {},
): Promise<void> {
  const { client, signal } = target;
  const { descriptor } = blob;
  let session = opened;
  let manner: "whole" | "chunks" | "patches" = "whole";
  /** What the registry answered to the PUT of a whole body, last. */
  let refusedWhole: RegistryRefusal | undefined;
  let lostSessions = 0;
  let unreachable = 0;

  const attempt = async (number: number) => {
    signal.throwIfAborted();
    if (number > 1 && (await hasBlob(target, descriptor, "never"))) return;
    const body = counted(await openBody(client, blob), onSent);
    const use = session;
    session = undefined;
    if (manner !== "whole") return uploadInChunks(target, descriptor, body, manner === "patches");
    refusedWhole = await uploadWhole(target, descriptor, body, use);
    if (refusedWhole !== undefined) throw refusedWhole;
  };

  const judge = (error: unknown): TransientFailure | undefined => {
    if (error instanceof SourceFailure) return undefined;
    if (error instanceof DamagedContent) return { because: "the content to copy was damaged" };
    if (error instanceof UnreachableSession) {
      unreachable += 1;
      return unreachable < attempts.unreachable && !error.timedOut ? transientFailure(error) : undefined;
    }
    const transient = transientFailure(error);
    if (transient !== undefined || !(error instanceof RegistryRefusal)) return transient;
    const { status } = error;
    const lost = status === 416 || error.hasCode("BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID");
    if (lost) lostSessions += 1;
    if (lost && lostSessions < attempts.lostSession) return { because: `${status}` };
    if (error !== refusedWhole) return undefined;
    manner = nextManner(error, descriptor);
    if (manner === "whole") return undefined;
    return { because: `${status}, so it is sent in chunks`, retryAfterMilliseconds: 0 };
  };

  // An attempt takes up to three requests, each of which may fail.
  const options = { judge, signal, attempts: 2 * client.retry.attempts };
  await retryWork(client, `upload of ${descriptor.digest}`, attempt, options).catch((error: unknown) => {
    if (error instanceof SourceFailure) throw error.cause;
    // If chunks are refused too, what the registry said to the whole body is the cause.
    throw error instanceof RegistryRefusal && refusedWhole !== undefined ? refusedWhole : error;
  });
}

/** How to send a blob whose whole body was refused; `whole` if nothing else would help. */
function nextManner(refused: RegistryRefusal, { size }: Descriptor): "whole" | "chunks" | "patches" {
  if (refused.status === 413) return size > chunkSize ? "chunks" : "whole";
  const isAboutContent = refused.hasCode(
    "DIGEST_INVALID",
    "SIZE_INVALID",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "DENIED",
  );
  return mayWantChunks.includes(refused.status) && !isAboutContent && size > 0 ? "patches" : "whole";
}

function counted({ content, size }: RequestBody, onSent: (bytes: number) => void): RequestBody {
  if (typeof content !== "function") return { content, size };
  return {
    size,
    content: async function* () {
      let sent = 0;
      for await (const chunk of content()) {
        yield chunk;
        sent += chunk.length;
        onSent(sent);
      }
    },
  };
}

/** @returns the refusal of the PUT; other errors are thrown. */
async function uploadWhole(
  target: UploadTarget,
  descriptor: Descriptor,
  body: RequestBody,
  opened: URL | undefined,
): Promise<RegistryRefusal | undefined> {
  const { client, repository } = target;
  const { digest, size } = descriptor;
  let session = opened;
  if (session === undefined && client.singlePost.tries(repository.registry, size)) {
    const path = `blobs/uploads/?digest=${encodeURIComponent(digest)}`;
    const response = await sendBody(target, "POST", path, body);
    if (response.status === 201) {
      await requireStored(response, target, descriptor);
      client.singlePost.learned(repository.registry, true);
      return undefined;
    }
    if (response.status !== 202 && !mayMeanUnsupported.includes(response.status))
      throw await refusal(response, "take", { ...repository, digest });
    await response.body?.cancel();
    client.singlePost.learned(repository.registry, false);
    if (response.status === 202) session = sessionIn(response, client.url(repository, path));
    else if (response.ok && (await hasBlob(target, descriptor, "never"))) return undefined;
  }
  session ??= await openSession(target);
  const response = await sendBody(target, "PUT", withDigest(session, digest), body);
  if (!response.ok) return refusal(response, "take", { ...repository, digest });
  return requireStored(response, target, descriptor);
}

function sendBody(
  { client, repository, signal }: UploadTarget,
  method: "POST" | "PUT",
  path: string | URL,
  body: RequestBody,
): Promise<Response> {
  const sent = client.send({
    method,
    repository,
    path,
    access: "push",
    headers: { "content-type": "application/octet-stream" },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceFor(body.size))]),
    retry: "never",
  });
  return sent.catch((error: unknown) => {
    throw UnreachableSession.from(error, path, client.url(repository, "")) ?? error;
  });
}

/**
 * Checks a response that accepts a blob. The specification has only 201; for other statuses, or if another digest than the
 * blob's is named, a HEAD decides.
 */
async function requireStored(
  response: Response,
  target: UploadTarget,
  { digest, ...descriptor }: Descriptor,
): Promise<undefined> {
  const { registry } = target.repository;
  await response.body?.cancel();
  const stored = declaredDigest(response);
  if (response.status === 201 && (stored === undefined || stored === digest)) return;
  if (await hasBlob(target, { digest, ...descriptor }, "never")) return;
  const answer = stored === undefined || stored === digest ? `with ${response.status}` : `as ${stored}`;
  throw new Error(
    `${registry} confirmed the upload of ${digest} ${answer}, but does not have it. The registry, or a proxy in front of it, damages what it receives.`,
  );
}
