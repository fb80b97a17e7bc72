import { createHash } from "node:crypto";

/** A content address, `algorithm:hex`. We write sha256 and read sha512 too (OCI image-spec, descriptor.md §Digests). */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const registered = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** The sha256 digest of `bytes`. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Whether `bytes` are the content of `digest`, by the algorithm that it names. */
export function matches(bytes: Uint8Array, digest: Digest): boolean {
  const [algorithm = "", hex] = digest.split(":");
  return createHash(algorithm).update(bytes).digest("hex") === hex;
}

export function isDigest(text: string): text is Digest {
  return registered.test(text);
}

/** @throws Error when `text` is not a sha256 or sha512 digest in lower-case hex. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new Error(
    `A digest looks like sha256: and 64 lower-case hexadecimal digits, but this one is "${text}".`,
  );
}
