import { X509Certificate } from "node:crypto";
import { elementsOf, extensionOf } from "./der.ts";

/** Who a certificate of Fulcio says that the key belongs to. */
export interface Signer {
  /** The one URI in its subject alternative name: the workflow that asked for it, and the ref it ran on. */
  readonly identity: string;
  /** Who vouched for the identity: the issuer of the OpenID Connect token. */
  readonly issuer: string;
}

/** The first certificate in a PEM file, or in base64 of one, which is how cosign writes `--output-certificate`. */
export function parseCertificate(text: string): X509Certificate | undefined {
  const pem = text.includes("-----BEGIN") ? text : Buffer.from(text, "base64").toString("latin1");
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) return undefined;
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/**
 * Whether `leaf` may sign code and was issued below one of `authorities`, up to one that issued itself, each
 * certificate within the validity of its issuer. Whether it is still valid does not matter: it never is for
 * longer than ten minutes, and when exactly it was used only a transparency log knows.
 */
export function isIssuedBy(leaf: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  const codeSigning = "1.3.6.1.5.5.7.3.3";
  return !leaf.ca && (leaf.keyUsage ?? []).includes(codeSigning) && leadsToRoot(leaf, authorities);
}

function leadsToRoot(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  return authorities.some((authority) => {
    const issued =
      authority.ca &&
      certificate.checkIssued(authority) &&
      isSignedBy(certificate, authority) &&
      certificate.validFromDate >= authority.validFromDate &&
      certificate.validFromDate <= authority.validToDate;
    if (!issued) return false;
    const others = authorities.filter((candidate) => candidate !== authority);
    return isSignedBy(authority, authority) || leadsToRoot(authority, others);
  });
}

/** A signature of a kind that OpenSSL does not know is none. */
function isSignedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  try {
    return certificate.verify(authority.publicKey);
  } catch {
    return false;
  }
}

/** Object identifiers as content octets: RFC 5280 §4.2.1.6, and Fulcio's (its docs/oid-info.md). */
const extensions = {
  subjectAlternativeName: "551d11",
  issuer: "2b0601040183bf300108",
  /** The same as a bare string; deprecated, the only one in certificates before 2023. */
  issuerBefore2023: "2b0601040183bf300101",
};

const uriName = 0x86; // RFC 5280 §4.2.1.6: GeneralName [6] uniformResourceIdentifier

/** What a certificate says about its owner, undefined where it says it in another form than Fulcio for a workflow. */
export function signerOf(certificate: X509Certificate): Signer | undefined {
  const raw = certificate.raw;
  const names = extensionOf(raw, extensions.subjectAlternativeName);
  const [list] = names === undefined ? [] : elementsOf(names);
  const [name, ...more] = list === undefined ? [] : elementsOf(list.content);
  if (name?.tag !== uriName || more.length > 0) return undefined;
  const encoded = extensionOf(raw, extensions.issuer);
  const issuer =
    encoded === undefined ? extensionOf(raw, extensions.issuerBefore2023) : elementsOf(encoded)[0]?.content;
  if (issuer === undefined) return undefined;
  return { identity: text(name.content), issuer: text(issuer) };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
