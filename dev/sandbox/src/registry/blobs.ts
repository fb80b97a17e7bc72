import type { Digest } from "@spin-publisher/oci";
import type { Exchange } from "./exchange.ts";
import { parseRange } from "./range.ts";
import { type Reply, refusal, reply } from "./reply.ts";

/** GET, HEAD and DELETE of a blob (distribution-spec end-2 and end-10). */
export async function answerBlob(exchange: Exchange, repository: string, digest: Digest): Promise<Reply> {
  switch (exchange.method) {
    case "GET":
    case "HEAD":
      return readBlob(exchange, repository, digest);
    case "DELETE":
      return deleteBlob(exchange, repository, digest);
    default:
      return refusal(405, "UNSUPPORTED", "a blob can be read and deleted");
  }
}

async function readBlob({ headers, store }: Exchange, repository: string, digest: Digest): Promise<Reply> {
  const file = await store.openBlob(repository, digest);
  if (file === undefined) return blobUnknown(digest);
  const { size } = await file.stat();
  const entity = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    etag: `"${digest}"`,
    "accept-ranges": "bytes",
  };
  const range = parseRange(headers.range, size);
  if (headers["if-none-match"] === entity.etag) {
    await file.close();
    return reply(304, { etag: entity.etag, "docker-content-digest": digest });
  }
  if (range === "unsatisfiable") {
    await file.close();
    return refusal(416, "SIZE_INVALID", `the blob has ${size} bytes`, {
      headers: { "content-range": `bytes */${size}` },
    });
  }
  if (range === undefined) return reply(200, entity, { file, start: 0, length: size });
  const { start, end } = range;
  return reply(
    206,
    { ...entity, "content-range": `bytes ${start}-${end - 1}/${size}` },
    { file, start, length: end - start },
  );
}

async function deleteBlob({ store, persona }: Exchange, repository: string, digest: Digest): Promise<Reply> {
  if (!persona.deletes) return refusal(405, "UNSUPPORTED", "deleting is switched off");
  const index = await store.index(repository);
  if (index?.manifests.has(digest)) {
    return refusal(405, "UNSUPPORTED", `${digest} is a manifest and is deleted as one`);
  }
  return (await store.removeBlob(repository, digest)) ? reply(202) : blobUnknown(digest);
}

function blobUnknown(digest: Digest): Reply {
  return refusal(404, "BLOB_UNKNOWN", "the repository does not hold this blob", { detail: digest });
}
