import { X509Certificate } from "node:crypto";

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
 * certificate within the validity of its issuer. Whether it is still valid does not matter: it is never valid for
 * longer than ten minutes, and only a transparency log knows when exactly it was used.
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

/** A signature that OpenSSL cannot read proves nothing. */
function isSignedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  try {
    return certificate.verify(authority.publicKey);
  } catch {
    return false;
  }
}
