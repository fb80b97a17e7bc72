import { messageOf } from "@spin-publisher/errors";
import { parseObject } from "@spin-publisher/json";
import type { Digest } from "@spin-publisher/oci";
import { payloadType } from "./sign-statement.ts";
import { isAbout, statementType } from "./statement.ts";
import type { TrustRoot } from "./trust-root.ts";

/** What a bundle proves about an artifact. */
export interface Proof {
  /** The certificate's subject alternative name: for a workflow its URL and ref. */
  readonly identity: string;
  /** Who vouched for the identity: the issuer of its OpenID Connect token. */
  readonly issuer: string;
  /**
   * The repository that the workflow ran for (`https://github.com/owner/name`). With a called workflow, `identity` names the
   * repository of that workflow, which may serve anybody.
   */
  readonly repository: string | undefined;
  readonly predicateType: string;
}

/**
 * Verifies a Sigstore bundle offline: its certificate was issued by an authority of the trust root and is in a certificate
 * log, the signature is in a transparency log and was made while the certificate was valid, it is a signature of what the
 * bundle contains, and that is a statement about the digest.
 *
 * @param bytes the bundle; from anybody.
 * @throws Error saying what does not hold.
 */
export async function verifyBundle(bytes: Uint8Array, digest: Digest, trust: TrustRoot): Promise<Proof> {
  const { bundleFromJSON, toSignedEntity, toTrustMaterial, TrustedRoot, Verifier } = await import(
    "./sigstore.ts"
  );
  const document = parseObject(bytes, "The bundle");
  let identity: string | undefined;
  let issuer: string | undefined;
  let repository: string | undefined;
  let payload: Uint8Array;
  try {
    const bundle = bundleFromJSON(document);
    const { content } = bundle;
    if (content.$case !== "dsseEnvelope" || content.dsseEnvelope.payloadType !== payloadType)
      throw new Error("it contains no in-toto statement");
    payload = content.dsseEnvelope.payload;
    const signer = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(trust))).verify(toSignedEntity(bundle));
    identity = signer.identity?.subjectAlternativeName;
    issuer = signer.identity?.extensions?.issuer;
    repository = extensionOf(signer.identity?.oids ?? [], sourceRepository);
  } catch (cause) {
    throw new Error(`The bundle proves nothing: ${messageOf(cause).replace(/\.$/, "")}.`, { cause });
  }
  if (identity === undefined || issuer === undefined)
    throw new Error("The bundle proves nothing: its certificate names no identity.");
  const { _type, subject, predicateType } = parseObject(payload, "The statement in the bundle");
  if (_type !== statementType || typeof predicateType !== "string")
    throw new Error("The bundle proves nothing: it contains no in-toto statement.");
  if (!isAbout(subject, digest)) throw new Error(`The bundle is about another artifact than ${digest}.`);
  return { identity, issuer, repository, predicateType };
}

/** Fulcio's extension Source Repository URI: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const sourceRepository = "1.3.6.1.4.1.57264.1.12";

/** The text of a certificate's extension: a UTF8String in DER; undefined where it is something else. */
function extensionOf(
  extensions: readonly {
    readonly oid?: { readonly id: readonly number[] } | undefined;
    readonly value: Uint8Array;
  }[],
  wanted: string,
): string | undefined {
  const value = extensions.find(({ oid }) => oid?.id.join(".") === wanted)?.value;
  const [tag, length = 0] = value ?? [];
  if (value === undefined || tag !== 0x0c) return undefined;
  return new TextDecoder().decode(value.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f)));
}
