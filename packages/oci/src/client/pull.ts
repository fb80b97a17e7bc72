import { createHash } from "node:crypto";
import { notJson, patienceFor, readBounded } from "@spin-publisher/http";
import type { Access } from "../auth/credential.ts";
import { refusal } from "../refusals/registry-refusal.ts";
import { type Digest, digestOf, isDigest, matches } from "../spec/digest.ts";
import type { Descriptor } from "../spec/image-spec.ts";
import { acceptedTypes, manifestLimit, parseManifestDocument } from "../spec/parse-manifest.ts";
import { formatReference, type Reference, type Repository } from "../spec/reference.ts";
import { DamagedContent, rereadDamaged } from "./damaged-content.ts";
import type { FetchedManifest, RegistryClient } from "./types.ts";

/** What the pull side needs from a client. */
export type Sender = Pick<RegistryClient, "send" | "retry" | "tell">;

/**
 * GETs the manifest at a tag or digest (distribution-spec end-3); undefined if it does not exist.
 *
 * With `inspect`, a 403 counts as absent: registries answer that for repositories that do not exist yet, and the first
 * write shows whether they meant it (ggcr does the same).
 *
 * @throws Error when the bytes do not match the digest, exceed 4 MiB, or are not a manifest.
 */
export async function pullManifest(
  client: Sender,
  reference: Reference,
  access: Access,
): Promise<FetchedManifest | undefined> {
  const what = `the manifest of ${formatReference(reference)}`;
  return rereadDamaged(client, what, () => pullManifestOnce(client, reference, access, what));
}

async function pullManifestOnce(
  client: Sender,
  reference: Reference,
  access: Access,
  what: string,
): Promise<FetchedManifest | undefined> {
  const response = await client.send({
    method: "GET",
    repository: reference,
    path: `manifests/${reference.digest ?? reference.tag ?? "latest"}`,
    access,
    headers: { accept: acceptedTypes },
    bodyLimit: manifestLimit,
  });
  if (response.status === 404 || (response.status === 403 && access === "inspect")) {
    await response.body?.cancel();
    return undefined;
  }
  if (response.status !== 200) throw await refusal(response, "show", reference);
  const bytes = await readBounded(response, manifestLimit, what);
  const wanted = reference.digest ?? declaredDigest(response);
  if (wanted !== undefined && !matches(bytes, wanted)) throw new DamagedContent(what, wanted);
  const digest = reference.digest ?? digestOf(bytes);
  const declared = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  requireJson(response, bytes, reference);
  const { mediaType, document } = parseManifestDocument(bytes, declared, formatReference(reference));
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes, document };
}

/** A captive portal or proxy may answer with its own page and status 200. */
function requireJson(response: Response, bytes: Uint8Array, reference: Reference): void {
  const text = new TextDecoder().decode(bytes);
  if (!/^\s*[{[]/.test(text)) {
    throw new Error(`The manifest of ${formatReference(reference)} ${notJson(response, text)}`);
  }
}

/** The digest that an answer's `Docker-Content-Digest` names. */
export function declaredDigest(response: Response): Digest | undefined {
  const header = response.headers.get("docker-content-digest");
  return header !== null && isDigest(header) ? header : undefined;
}

/** @throws Error when the blob is missing, larger than `limit`, or does not match its descriptor. */
export async function pullBlob(
  client: Sender,
  repository: Repository,
  descriptor: Descriptor,
  limit: number,
): Promise<Uint8Array> {
  const what = formatReference({ ...repository, digest: descriptor.digest });
  if (descriptor.size > limit) {
    throw new Error(`${what} has ${descriptor.size} bytes, but at most ${limit} are accepted here.`);
  }
  return rereadDamaged(client, what, async () => {
    const response = await getBlob(client, repository, descriptor, descriptor.size);
    const bytes = await readBounded(response, descriptor.size, what);
    if (bytes.length === descriptor.size && matches(bytes, descriptor.digest)) return bytes;
    throw new DamagedContent(what, descriptor.digest);
  });
}

/**
 * The size of a blob in bytes (distribution-spec end-2), without fetching it; undefined if the repository does not have it,
 * does not exist, or does not say.
 */
export async function blobSize(
  client: Sender,
  repository: Repository,
  digest: Digest,
): Promise<number | undefined> {
  const path = `blobs/${digest}`;
  const response = await client.send({ method: "HEAD", repository, path, access: "inspect" });
  if ([403, 404, 405].includes(response.status)) return undefined;
  if (response.status !== 200) throw await refusal(response, "say whether it has", { ...repository, digest });
  const length = response.headers.get("content-length");
  return length === null ? undefined : Number(length);
}

/** The bytes as they arrive; the stream fails at its end if they do not match the descriptor. */
export async function pullBlobStream(
  client: Sender,
  repository: Repository,
  descriptor: Descriptor,
): Promise<ReadableStream<Uint8Array>> {
  const what = formatReference({ ...repository, digest: descriptor.digest });
  const response = await getBlob(client, repository, descriptor);
  const [algorithm = "", expected] = descriptor.digest.split(":");
  const hash = createHash(algorithm);
  const damaged = () => new DamagedContent(what, descriptor.digest);
  let received = 0;
  const verify = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      if (chunk.length === 0) return;
      received += chunk.length;
      hash.update(chunk);
      // The last chunk is held back until the digest is known to match, so that no reader takes damaged content for complete.
      if (received > descriptor.size) controller.error(damaged());
      else if (received < descriptor.size) controller.enqueue(chunk);
      else if (hash.digest("hex") === expected) controller.enqueue(chunk);
      else controller.error(damaged());
    },
    flush(controller) {
      if (received !== descriptor.size) controller.error(damaged());
    },
  });
  return (response.body ?? new ReadableStream()).pipeThrough(verify);
}

async function getBlob(
  client: Sender,
  repository: Repository,
  { digest, size }: Descriptor,
  bodyLimit?: number,
): Promise<Response> {
  const response = await client.send({
    method: "GET",
    repository,
    path: `blobs/${digest}`,
    access: "pull",
    // Transparent decompression on the way would change the bytes.
    headers: { "accept-encoding": "identity" },
    ...(size > 1 << 20 ? { bulk: true } : {}),
    ...(bodyLimit === undefined ? { signal: AbortSignal.timeout(patienceFor(size)) } : {}),
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
  });
  if (response.status !== 200) throw await refusal(response, "give out", { ...repository, digest });
  return response;
}
