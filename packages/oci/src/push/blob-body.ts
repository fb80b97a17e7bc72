import { createHash } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { messageOf } from "@spin-publisher/errors";
import { DamagedContent } from "../client/damaged-content.ts";
import type { RegistryClient, RegistryReader, RequestBody } from "../client/types.ts";
import type { Blob as ContentBlob } from "../spec/artifact.ts";
import { matches } from "../spec/digest.ts";

/** Reads a blob from another repository. */
export type BlobReader = Pick<RegistryReader, "blob"> & Partial<Pick<RegistryClient, "blobStream">>;

/** The content to send could not be read; what reads it has retried already. */
export class SourceFailure extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

/** Up to this size, content is read into memory as a whole; larger content is streamed. */
const heldInMemory = 4 << 20;

/** How many bytes are read and sent at a time. */
const pieceSize = 256 << 10;

/**
 * The bytes of a blob, ready to be sent and verified against its digest: a file that changed since it was hashed is
 * detected before its first byte is sent.
 *
 * @throws SourceFailure when the content cannot be read or does not, or no longer, match the descriptor.
 */
export async function openBody(reader: BlobReader | undefined, blob: ContentBlob): Promise<RequestBody> {
  try {
    return await readyToSend(reader, blob);
  } catch (cause) {
    throw new SourceFailure(cause);
  }
}

async function readyToSend(
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
      return { content: () => fileContent(source.path, found, descriptor), size };
    }
    case "repository": {
      const { repository } = source;
      if (reader === undefined) {
        throw new Error(
          `${descriptor.digest} is in ${repository.name}, but no reader for that repository was given.`,
        );
      }
      const { blobStream } = reader;
      if (size <= heldInMemory || blobStream === undefined) {
        return held(await reader.blob(repository, descriptor, size));
      }
      return { content: () => copied(() => blobStream(repository, descriptor)), size };
    }
  }
}

function held(bytes: Uint8Array): RequestBody {
  const size = bytes.length;
  // In pieces, so that the progress shows.
  if (size > heldInMemory) return { content: () => piecesOf(bytes), size };
  const plain =
    bytes.buffer instanceof ArrayBuffer
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, size)
      : new Uint8Array(bytes);
  return { content: plain, size };
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += pieceSize) yield bytes.subarray(from, from + pieceSize);
}

function verified(bytes: Uint8Array, descriptor: ContentBlob["descriptor"], what: string): RequestBody {
  if (bytes.length !== descriptor.size || !matches(bytes, descriptor.digest)) throw changed(descriptor, what);
  return held(bytes);
}

async function fileMatches(path: string, { digest }: ContentBlob["descriptor"]): Promise<boolean> {
  const [algorithm = "", hex] = digest.split(":");
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: pieceSize })) hash.update(chunk);
  return hash.digest("hex") === hex;
}

/** Fails before its last chunk if the file has changed since it was verified. */
async function* fileContent(
  path: string,
  before: Stats,
  descriptor: ContentBlob["descriptor"],
): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    let last: Uint8Array | undefined;
    for await (const chunk of file.createReadStream({ highWaterMark: pieceSize, autoClose: false })) {
      if (last !== undefined) yield last;
      last = chunk;
    }
    if (!(await isUnchanged(file, before))) throw new SourceFailure(changed(descriptor, path));
    if (last !== undefined) yield last;
  } finally {
    await file.close();
  }
}

async function isUnchanged(file: FileHandle, before: Stats): Promise<boolean> {
  const { size, mtimeMs, ino } = await file.stat();
  return size === before.size && mtimeMs === before.mtimeMs && ino === before.ino;
}

async function* copied(openSource: () => Promise<ReadableStream<Uint8Array>>): AsyncGenerator<Uint8Array> {
  const stream = await openSource().catch((cause: unknown) => {
    throw new SourceFailure(cause);
  });
  try {
    yield* stream;
  } catch (cause) {
    if (cause instanceof DamagedContent) throw cause;
    throw new Error(`The content to copy ended early: ${messageOf(cause)}`, { cause });
  }
}

function changed({ digest }: ContentBlob["descriptor"], what: string): Error {
  return new Error(
    `${what} does not match ${digest}, or no longer does. Do not change files while they are being published.`,
  );
}
