import { createHash } from "node:crypto";
import type { Digest } from "@spin-publisher/oci";
import type { Exchange } from "./exchange.ts";
import {
  isDockerType,
  isManifestType,
  type ManifestDocument,
  ManifestInvalid,
  parseManifest,
} from "./manifest-document.ts";
import { type Reply, refusal, reply } from "./reply.ts";
import { isTagName, type ManifestReference } from "./route.ts";
import type { EditableIndex } from "./store.ts";

/** The size every registry must take (distribution-spec §Pushing Manifests); we take no more, as distribution. */
const manifestBytes = 4 << 20;

/** GET, HEAD, PUT and DELETE of a manifest (distribution-spec end-3, end-7 and end-9). */
export async function answerManifest(
  exchange: Exchange,
  repository: string,
  reference: ManifestReference,
): Promise<Reply> {
  switch (exchange.method) {
    case "GET":
    case "HEAD":
      return readManifest(exchange, repository, reference);
    case "PUT":
      return writeManifest(exchange, repository, reference);
    case "DELETE":
      return deleteManifest(exchange, repository, reference);
    default:
      return refusal(405, "UNSUPPORTED", "a manifest can be read, written and deleted");
  }
}

async function readManifest(
  { store, headers, persona }: Exchange,
  repository: string,
  reference: ManifestReference,
): Promise<Reply> {
  const index = await store.index(repository);
  if (index === undefined) return refusal(404, persona.unknownRepository, "there is no such repository");
  const digest = reference.kind === "digest" ? reference.digest : index.tags.get(reference.tag);
  const manifest = digest === undefined ? undefined : index.manifests.get(digest);
  const file = manifest === undefined ? undefined : await store.openBlob(repository, manifest.digest);
  if (manifest === undefined || file === undefined) return manifestUnknown();
  if (persona.acceptDecides && !accepts(headers.accept, manifest.mediaType)) {
    await file.close();
    return refusal(404, "MANIFEST_UNKNOWN", "the manifest is of a type that Accept does not name");
  }
  const entity = {
    "content-type": manifest.mediaType,
    "docker-content-digest": manifest.digest,
    etag: `"${manifest.digest}"`,
  };
  if (headers["if-none-match"] === entity.etag) {
    await file.close();
    return reply(304, entity);
  }
  return reply(200, entity, { file, start: 0, length: manifest.size });
}

async function writeManifest(
  exchange: Exchange,
  repository: string,
  reference: ManifestReference,
): Promise<Reply> {
  const { headers, query, store, persona } = exchange;
  const mediaType = headers["content-type"] ?? "";
  if (!isManifestType(mediaType) || (isDockerType(mediaType) && !persona.dockerTypes)) {
    return refusal(415, "MANIFEST_INVALID", `"${mediaType}" is not a media type of a manifest`);
  }
  const bytes = await atMost(manifestBytes, exchange.body);
  if (bytes === undefined) return refusal(413, "SIZE_INVALID", `a manifest may have ${manifestBytes} bytes`);
  const algorithm = reference.kind === "digest" ? (reference.digest.split(":", 1)[0] ?? "sha256") : "sha256";
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` as Digest;
  if (reference.kind === "digest" && reference.digest !== digest) {
    return refusal(400, persona.wrongManifestDigest, `the manifest's digest is ${digest}`);
  }
  const named = persona.multiTagPush ? query.getAll("tag") : [];
  const tags = reference.kind === "tag" ? [reference.tag] : named;
  const illegal = tags.find((tag) => !isTagName(tag));
  if (illegal !== undefined) return refusal(400, "TAG_INVALID", `"${illegal}" is not a tag`);
  const document = parsed(bytes, mediaType);
  if (document instanceof ManifestInvalid) {
    return refusal(400, "MANIFEST_INVALID", `it is not a manifest: ${document.message}`);
  }
  return store.change(repository, async (index) => {
    const missing = await missingContent(document, index, repository, exchange);
    if (missing.length > 0 && persona.namesMissingContent) return contentMissing(missing);
    if (missing.length > 0) return refusal(400, "MANIFEST_INVALID", "it refers to content that is not there");
    const frozen = tags.find((tag) => persona.immutableTags?.test(tag) === true && index.tags.has(tag));
    if (frozen !== undefined) {
      const name = `${repository.slice(repository.indexOf("/") + 1)}:${frozen}`;
      return refusal(
        412,
        "PRECONDITION",
        `Failed to process request due to '${name}' configured as immutable.`,
      );
    }
    const held =
      !persona.conditionalWrites || tags.every((tag) => conditionHolds(headers, index.tags.get(tag)));
    if (!held) return refusal(412, "PRECONDITION", "a tag does not point at what the request demands");
    await index.add({ ...document, digest, size: bytes.length }, bytes);
    for (const tag of tags) index.tags.set(tag, digest);
    return reply(201, {
      location: `/v2/${repository}/manifests/${reference.kind === "tag" ? reference.tag : digest}`,
      "docker-content-digest": digest,
      "oci-subject": persona.referrers ? document.subject : undefined,
      "oci-tag": reference.kind === "digest" && tags.length > 0 ? tags : undefined,
    });
  });
}

async function deleteManifest(
  { store, persona }: Exchange,
  repository: string,
  reference: ManifestReference,
): Promise<Reply> {
  if (!persona.deletes) return refusal(405, "UNSUPPORTED", "deleting is switched off");
  if ((await store.index(repository)) === undefined) {
    return refusal(404, "NAME_UNKNOWN", "there is no such repository");
  }
  return store.change(repository, async ({ manifests, tags }) => {
    if (reference.kind === "tag") return tags.delete(reference.tag) ? reply(202) : manifestUnknown();
    if (!manifests.delete(reference.digest)) return manifestUnknown();
    for (const [tag, digest] of tags) if (digest === reference.digest) tags.delete(tag);
    await store.removeBlob(repository, reference.digest);
    return reply(202);
  });
}

/**
 * What the manifest refers to and the repository does not hold. A subject may be missing (distribution-spec
 * §Pushing Manifests with Subject).
 */
async function missingContent(
  { blobs, children }: ManifestDocument,
  index: EditableIndex,
  repository: string,
  { store, persona }: Exchange,
): Promise<readonly Digest[]> {
  const wanted = persona.sparseManifests ? [] : blobs;
  const sizes = await Promise.all(wanted.map((digest) => store.blobSize(repository, digest)));
  const absentBlobs = wanted.filter((_, position) => sizes[position] === undefined);
  if (persona.sparseIndexes) return absentBlobs;
  return [...absentBlobs, ...children.filter((digest) => !index.manifests.has(digest))];
}

/** RFC 9110 §13.1 on what the tag points at now. No registry service honours this yet. */
function conditionHolds(headers: Exchange["headers"], current: Digest | undefined): boolean {
  if (headers["if-none-match"] === "*" && current !== undefined) return false;
  return headers["if-match"] === undefined || headers["if-match"] === `"${current}"`;
}

function contentMissing(digests: readonly Digest[]): Reply {
  const message = "the manifest refers to content that the repository does not hold";
  const errors = digests.map((detail) => ({ code: "MANIFEST_BLOB_UNKNOWN", message, detail }));
  return { status: 404, headers: {}, errors };
}

/** Only the two Docker types need no mention in Accept: clients older than Accept know them. */
function accepts(header: string | undefined, mediaType: string): boolean {
  return isDockerType(mediaType) || (header ?? "").split(/[\s,;]+/).includes(mediaType);
}

function parsed(bytes: Uint8Array, mediaType: string): ManifestDocument | ManifestInvalid {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    if (error instanceof ManifestInvalid) return error;
    throw error;
  }
}

async function atMost(limit: number, body: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function manifestUnknown(): Reply {
  return refusal(404, "MANIFEST_UNKNOWN", "the repository does not hold this manifest");
}
