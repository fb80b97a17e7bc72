import type { X509Certificate } from "node:crypto";

/** To whom Fulcio issued a certificate. */
export interface Signer {
  /** The one URI in its subject alternative name: the workflow that asked for it, and the ref it ran on. */
  readonly identity: string;
  /** Who vouched for the identity: the issuer of the OpenID Connect token. */
  readonly issuer: string;
}

/** Fulcio's extensions: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const issuerExtension = "1.3.6.1.4.1.57264.1.8";
/** The same as a bare string; deprecated, and the only one in certificates issued before 2023. */
const issuerExtensionBefore2023 = "1.3.6.1.4.1.57264.1.1";

/**
 * The signer that a certificate names; undefined unless it names exactly one workflow, in the form that Fulcio uses.
 */
export async function signerOf(certificate: X509Certificate): Promise<Signer | undefined> {
  // Node separates names by ", " and quotes a name that contains a separator: this matches a single URI only.
  const identity = /^URI:([^\s",]+)$/.exec(certificate.subjectAltName ?? "")?.[1];
  const issuer = await issuerOf(certificate.raw);
  return identity === undefined || issuer === undefined ? undefined : { identity, issuer };
}

/** Node does not expose extensions other than its own; the parser is loaded only when there is a signature to check. */
async function issuerOf(raw: Buffer): Promise<string | undefined> {
  // A CommonJS package has only its default export once esbuild has split it off.
  const { default: sigstore } = await import("@sigstore/core");
  try {
    const certificate = sigstore.X509Certificate.parse(Buffer.from(raw));
    const encoded = certificate.extension(issuerExtension);
    const value =
      encoded === undefined
        ? certificate.extension(issuerExtensionBefore2023)?.value
        : encoded.valueObj.subs[0]?.value;
    return value === undefined ? undefined : new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch {
    return undefined;
  }
}
