import { createHash } from "node:crypto";

/** A content address, `algorithm:hex`. We write sha256 and read sha512 too (OCI image-spec, descriptor.md §Digests). */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const registered = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** The sha256 digest of `bytes`. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Whether `bytes` hash to `digest`, by the algorithm it names. */
export function matches(bytes: Uint8Array, digest: Digest): boolean {
  const [algorithm = "", hex] = digest.split(":");
  return createHash(algorithm).update(bytes).digest("hex") === hex;
}

/** Whether `text` is a sha256 or sha512 digest in lower-case hex. */
export function isDigest(text: string): text is Digest {
  return registered.test(text);
}

/** @throws Error when `text` is not a sha256 or sha512 digest in lower-case hex. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new Error(
    `"${text}" is not a digest: expected sha256: followed by 64 lower-case hexadecimal digits.`,
  );
}
