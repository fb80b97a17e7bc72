import { patienceFor } from "@spin-publisher/http";
import type { RequestBody } from "../client/types.ts";
import { refusal } from "../refusals/registry-refusal.ts";
import type { Descriptor } from "../spec/image-spec.ts";
import { hasBlob } from "./blob-presence.ts";
import { openSession, sessionIn, withDigest } from "./upload-session.ts";
import type { UploadTarget } from "./upload-target.ts";

/** Bytes of a piece: what refuses whole bodies, some ways to ACR, takes 20 MB (goharbor/harbor#23015). */
export const chunkSize = 16 << 20;

/**
 * Uploads a blob in pieces (distribution-spec §Pushing a blob in chunks), each to the `Location` that the one before was
 * answered with, the last one in the PUT. Slower and less sure than one body, hence only for registries that refuse that:
 * what came of it is looked at afterwards, since some keep a piece and call it the whole (wasmCloud/wasmCloud#3405).
 *
 * @throws RegistryRefusal when a piece is not taken, Error when the result is not the blob.
 */
export async function uploadInChunks(
  target: UploadTarget,
  descriptor: Descriptor,
  body: RequestBody,
): Promise<void> {
  const { client, repository, signal } = target;
  const { digest, size } = descriptor;
  const send = (method: "PATCH" | "PUT", path: URL, piece: Uint8Array<ArrayBuffer>, first: number) =>
    client.send({
      method,
      repository,
      path,
      access: "push",
      headers: {
        "content-type": "application/octet-stream",
        // Without the unit "bytes", which ACR refuses.
        "content-range": `${first}-${first + piece.length - 1}`,
      },
      body: { content: piece, size: piece.length },
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceFor(piece.length))]),
      retry: "never",
    });
  let session = await openSession(target);
  let sent = 0;
  for await (const piece of piecesOf(body)) {
    const last = sent + piece.length >= size;
    const response = last
      ? await send("PUT", withDigest(session, digest), piece, sent)
      : await send("PATCH", session, piece, sent);
    if (response.status !== (last ? 201 : 202))
      throw await refusal(response, "take a piece of", { ...repository, digest });
    await response.body?.cancel();
    session = sessionIn(response, session) ?? session;
    sent += piece.length;
  }
  if (await hasBlob(target, descriptor, "never")) return;
  throw new Error(`${repository.registry} took ${digest} in pieces, and does not have it whole.`);
}

async function* piecesOf({ content }: RequestBody): AsyncIterable<Uint8Array<ArrayBuffer>> {
  const stream = content instanceof ReadableStream ? content : new Blob([content]).stream();
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    held.push(chunk);
    size += chunk.length;
    while (size >= chunkSize) {
      const whole = new Uint8Array(Buffer.concat(held));
      yield whole.subarray(0, chunkSize);
      held = [whole.subarray(chunkSize)];
      size -= chunkSize;
    }
  }
  if (size > 0) yield new Uint8Array(Buffer.concat(held));
}
