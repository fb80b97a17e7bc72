import { messageOf } from "@spin-publisher/errors";
import { formatReference, listReferrers, type Reference, type RegistryClient } from "@spin-publisher/oci";
import { bundlesAmong, proofsIn } from "./stored-bundles.ts";
import type { TrustRoot } from "./trust-root.ts";

/** Whose signature is demanded. */
export interface RequiredSigner {
  /** As it was given, for errors. */
  readonly pattern: string;
  /** Matches the whole certificate identity: for a workflow its URL and ref. */
  readonly identity: RegExp;
  /** Who must have vouched for it. */
  readonly issuer: string;
}

/** Throws unless an artifact is signed as it must be. */
export type SignatureCheck = (reference: Reference) => Promise<void>;

/**
 * A check for what something is built on: that a bundle is attached to this very digest, a signature or any other statement,
 * by the required signer. Signatures of cosign 2 (tags `sha256-….sig`) are not read.
 */
export function requiringSignature(
  { pattern, identity, issuer }: RequiredSigner,
  client: RegistryClient,
  trustRoot: () => Promise<TrustRoot>,
): SignatureCheck {
  return async (reference) => {
    const { digest } = reference;
    const what = formatReference(reference);
    if (digest === undefined)
      throw new Error(`${what} names no digest, so that no signature can be about it.`);
    const listed = await listReferrers(client, reference, digest, "pull");
    const bundles = await bundlesAmong(client, reference, listed);
    const reasons: string[] = [];
    const proofs =
      bundles.length === 0
        ? []
        : await proofsIn(client, reference, digest, bundles, await trustRoot(), (reason) =>
            reasons.push(messageOf(reason)),
          );
    if (proofs.some((proof) => proof.issuer === issuer && identity.test(proof.identity))) return;
    const found = [...new Set(proofs.map((proof) => `${proof.identity} (${proof.issuer})`)), ...reasons];
    throw new Error(
      `${what} is not signed as required, by ${pattern} (${issuer}). ${
        found.length === 0 ? "No Sigstore bundle is attached to it." : `Found: ${found.join("; ")}`
      } Correct the required identity, or build on something that is signed.`,
    );
  };
}

/** @throws Error when the pattern is not a regular expression. */
export function requiredSigner(pattern: string, issuer: string): RequiredSigner {
  try {
    return { pattern, identity: new RegExp(`^(?:${pattern})$`), issuer };
  } catch (cause) {
    throw new Error(
      `"${pattern}" is not a regular expression for a certificate identity: ${messageOf(cause)}.`,
      {
        cause,
      },
    );
  }
}
