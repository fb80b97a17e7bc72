import { createHash } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { RegistryClient, RegistryReader, RequestBody } from "../client/types.ts";
import type { Blob as ContentBlob } from "../spec/artifact.ts";
import { matches } from "../spec/digest.ts";

/** What gets a blob that is in another repository. */
export type BlobReader = Pick<RegistryReader, "blob"> & Partial<Pick<RegistryClient, "blobStream">>;

/** Up to this size a body is held in memory while it is sent. */
const heldInMemory = 4 << 20;

/**
 * The bytes of a blob, ready to be sent, and certain to be those of its digest: a file that was changed since it was
 * hashed is found out before its first byte is sent.
 *
 * @throws Error when the content is not, or no longer, that of the descriptor.
 */
export async function openBody(
  reader: BlobReader | undefined,
  { descriptor, source }: ContentBlob,
): Promise<RequestBody> {
  const { size } = descriptor;
  switch (source.kind) {
    case "bytes":
      return held(source.bytes);
    case "deferred":
      return verified(await source.open(), descriptor, "What was made for it");
    case "file": {
      const found = await stat(source.path);
      if (found.size !== size) throw changed(descriptor, source.path);
      if (size <= heldInMemory) return verified(await readFile(source.path), descriptor, source.path);
      if (!(await fileMatches(source.path, descriptor))) throw changed(descriptor, source.path);
      // Reading from it fails when the file is changed from here on (its time or its size).
      return { content: await openAsBlob(source.path), size };
    }
    case "repository": {
      if (reader === undefined) {
        throw new Error(`${descriptor.digest} is in ${source.repository.name}, which nothing here can read.`);
      }
      if (size <= heldInMemory || reader.blobStream === undefined) {
        return held(await reader.blob(source.repository, descriptor, size));
      }
      return { content: await reader.blobStream(source.repository, descriptor), size };
    }
  }
}

function held(bytes: Uint8Array): RequestBody {
  const plain =
    bytes.buffer instanceof ArrayBuffer
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
      : new Uint8Array(bytes);
  return { content: plain, size: plain.length };
}

function verified(bytes: Uint8Array, descriptor: ContentBlob["descriptor"], what: string): RequestBody {
  if (bytes.length !== descriptor.size || !matches(bytes, descriptor.digest)) throw changed(descriptor, what);
  return held(bytes);
}

async function fileMatches(path: string, { digest }: ContentBlob["descriptor"]): Promise<boolean> {
  const [algorithm = "", hex] = digest.split(":");
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex") === hex;
}

function changed({ digest }: ContentBlob["descriptor"], what: string): Error {
  return new Error(
    `${what} is not the content of ${digest} (any more); leave files alone while they are published.`,
  );
}
