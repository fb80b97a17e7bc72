import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { isLfsPointer, whyUnreadable } from "@spin-publisher/errors";
import { type BlobSource, type Digest, digestOf } from "@spin-publisher/oci";

/** Bytes that are published, by digest; in memory only where they are few. */
export interface Content {
  readonly digest: Digest;
  readonly size: number;
  readonly source: BlobSource;
  /** The bytes themselves where the locked application carries them inline. */
  readonly inline?: Uint8Array;
  /** Whether it stands for a file that Git LFS did not fetch. */
  readonly isLfsPointer?: true;
}

/** Content of at most this many bytes travels inside the locked application (Spin's own limit). */
export const largestInline = 128;

/** Files up to this size are read at once; larger ones are hashed piece by piece. */
const largestRead = 1 << 20;

/** The content of a file, which is read once to hash it and again when it has to be uploaded. */
export async function contentOfFile(path: string): Promise<Content> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size <= largestRead) {
      return { ...contentOf(await file.readFile()), source: { kind: "file", path } };
    }
  } finally {
    await file.close();
  }
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size, source: { kind: "file", path } };
}

/** Content that is already in memory. */
export function contentOf(bytes: Uint8Array): Content {
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    source: { kind: "bytes", bytes },
    ...(bytes.length <= largestInline ? { inline: bytes } : {}),
    ...(isLfsPointer(bytes) ? { isLfsPointer: true } : {}),
  };
}

/**
 * Reads content back, for an archive.
 *
 * @throws Error when a file cannot be read, or is no longer what it was when it was hashed.
 */
export async function readContent({ source, digest }: Content): Promise<Uint8Array> {
  switch (source.kind) {
    case "bytes":
      return source.bytes;
    case "deferred":
      return source.open();
    case "file": {
      const bytes = await readFile(source.path).catch((cause: unknown) => {
        throw new Error(`"${source.path}" ${whyUnreadable(cause)}.`, { cause });
      });
      if (digestOf(bytes) === digest) return bytes;
      throw new Error(`"${source.path}" was changed while it was being published; run this again.`);
    }
    case "repository":
      throw new Error(`The content ${digest} is in another repository and cannot be put into an archive.`);
  }
}
