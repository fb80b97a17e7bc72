import { parseObject } from "@spin-publisher/json";

/**
 * Whom to believe: the authorities and logs of a Sigstore instance, in the form of its `trusted_root.json` (`TrustedRoot` of
 * sigstore/protobuf-specs). It is the user's own or ours, never an artifact's.
 */
export type TrustRoot = object;

/** Trust root files of other Sigstore instances have the same form as the public one's. */
const mediaType = /^application\/vnd\.dev\.sigstore\.trustedroot(?:\+json;version=0\.1|\.v0\.[12]\+json)$/;

/** @throws Error when the document is not a trust root. */
export function parseTrustRoot(bytes: Uint8Array, what: string): TrustRoot {
  const document = parseObject(bytes, what);
  if (typeof document.mediaType === "string" && mediaType.test(document.mediaType)) return document;
  throw new Error(
    `${what} is not a Sigstore trust root: expected the mediaType application/vnd.dev.sigstore.trustedroot+json;version=0.1, but it is ${JSON.stringify(document.mediaType)}.`,
  );
}

/** The public Sigstore's; loaded when something is verified. */
export async function publicTrustRoot(): Promise<TrustRoot> {
  const { publicSigstore } = await import("./sigstore.ts");
  return publicSigstore;
}
