import { createHash } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { RegistryClient, RegistryReader, RequestBody } from "../client/types.ts";
import type { Blob as ContentBlob } from "../spec/artifact.ts";
import { matches } from "../spec/digest.ts";

/** Reads a blob from another repository. */
export type BlobReader = Pick<RegistryReader, "blob"> & Partial<Pick<RegistryClient, "blobStream">>;

/** Bodies up to this size are held in memory while they are sent. */
const heldInMemory = 4 << 20;

/**
 * The bytes of a blob, ready to be sent and verified against its digest: a file that changed since it was hashed is
 * detected before its first byte is sent.
 *
 * @throws Error when the content does not, or no longer, match the descriptor.
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
      return verified(await source.open(), descriptor, "The content made on demand");
    case "file": {
      const found = await stat(source.path);
      if (found.size !== size) throw changed(descriptor, source.path);
      if (size <= heldInMemory) return verified(await readFile(source.path), descriptor, source.path);
      if (!(await fileMatches(source.path, descriptor))) throw changed(descriptor, source.path);
      // Reading fails if the file's time or size changes from here on.
      return { content: await openAsBlob(source.path), size };
    }
    case "repository": {
      if (reader === undefined) {
        throw new Error(
          `${descriptor.digest} is in ${source.repository.name}, but no reader for that repository was given.`,
        );
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
    `${what} does not match ${digest}, or no longer does. Do not change files while they are being published.`,
  );
}
