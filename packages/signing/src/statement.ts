import type { Digest } from "@spin-publisher/oci";

/** A statement about artifacts (in-toto Statement v1), which a signature makes its signer's. */
export interface Statement {
  readonly _type: "https://in-toto.io/Statement/v1";
  readonly subject: readonly { readonly digest: Readonly<Record<string, string>> }[];
  readonly predicateType: string;
  readonly predicate: object;
}

/** What `cosign sign` 3 states: nothing but that the signer signed it. Admission policies name this type. */
export const signaturePredicate = "https://sigstore.dev/cosign/sign/v1";

/** SLSA provenance (https://slsa.dev/spec/v1.0/provenance). */
export const provenancePredicate = "https://slsa.dev/provenance/v1";

export const statementType = "https://in-toto.io/Statement/v1";

/**
 * One statement about all of the digests: one certificate and one log entry. Verifiers accept a bundle for each digest that
 * is among its subjects.
 */
export function statementAbout(
  digests: readonly Digest[],
  predicateType: string,
  predicate: object,
): Statement {
  return { _type: statementType, subject: digests.map(subjectOf), predicateType, predicate };
}

/** The digest as in-toto writes it: `{ sha256: "<hex>" }`. */
function subjectOf(digest: Digest): Statement["subject"][number] {
  const [algorithm = "", hex = ""] = digest.split(":");
  return { digest: { [algorithm]: hex } };
}

/** Whether a parsed statement, from anywhere, has the digest among its subjects. */
export function isAbout(subject: unknown, digest: Digest): boolean {
  const [algorithm = "", hex] = digest.split(":");
  return Array.isArray(subject) && subject.some((entry) => Object(Object(entry).digest)[algorithm] === hex);
}
