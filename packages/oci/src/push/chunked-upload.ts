import { patienceFor } from "@spin-publisher/http";
import type { RequestBody } from "../client/types.ts";
import { refusal } from "../refusals/registry-refusal.ts";
import type { Descriptor } from "../spec/image-spec.ts";
import { hasBlob } from "./blob-presence.ts";
import { openSession, sessionIn, withDigest } from "./upload-session.ts";
import type { UploadTarget } from "./upload-target.ts";

/** Bytes of a chunk. Paths to ACR that refuse whole bodies take up to 20 MB (goharbor/harbor#23015). */
export const chunkSize = 16 << 20;

/**
 * Uploads a blob in chunks (distribution-spec §Pushing a blob in chunks), each to the `Location` of the previous response,
 * the last one in the PUT. This is slower and less reliable than one body, so it is only for registries that refuse one. The
 * result is checked afterwards, since some registries keep one chunk as the whole blob (wasmCloud/wasmCloud#3405).
 *
 * @param emptyPut also sends the last chunk with PATCH, for registries that take no body with the PUT.
 * @throws RegistryRefusal when a chunk is refused, Error when the result is not the blob.
 */
export async function uploadInChunks(
  target: UploadTarget,
  descriptor: Descriptor,
  body: RequestBody,
  emptyPut = false,
): Promise<void> {
  const { client, repository, signal } = target;
  const { digest, size } = descriptor;
  const send = (method: "PATCH" | "PUT", path: URL, chunk: Uint8Array<ArrayBuffer>, first: number) =>
    client.send({
      method,
      repository,
      path,
      access: "push",
      headers: {
        "content-type": "application/octet-stream",
        // Without the unit "bytes", which ACR refuses.
        "content-range": `${first}-${first + chunk.length - 1}`,
      },
      body: { content: chunk, size: chunk.length },
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceFor(chunk.length))]),
      retry: "never",
    });
  let session = await openSession(target);
  let sent = 0;
  for await (const chunk of chunksOf(body)) {
    const last = !emptyPut && sent + chunk.length >= size;
    const response = last
      ? await send("PUT", withDigest(session, digest), chunk, sent)
      : await send("PATCH", session, chunk, sent);
    if (response.status !== (last ? 201 : 202))
      throw await refusal(response, "take a chunk of", { ...repository, digest });
    await response.body?.cancel();
    session = sessionIn(response, session) ?? session;
    sent += chunk.length;
  }
  if (emptyPut) {
    const response = await client.send({
      method: "PUT",
      repository,
      path: withDigest(session, digest),
      access: "push",
      headers: { "content-length": "0" },
      signal,
      retry: "never",
    });
    if (response.status !== 201) throw await refusal(response, "take", { ...repository, digest });
    await response.body?.cancel();
  }
  if (await hasBlob(target, descriptor, "never")) return;
  throw new Error(`${repository.registry} took ${digest} in chunks, but does not have the whole blob.`);
}

async function* chunksOf({ content }: RequestBody): AsyncIterable<Uint8Array<ArrayBuffer>> {
  const stream = typeof content === "function" ? content() : [content];
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
