import { verify, X509Certificate } from "node:crypto";
import type { SpinFiles } from "./archive.ts";
import { isIssuedBy, parseCertificate, type Signer, signerOf } from "./certificate.ts";
import { fulcioAuthorities } from "./fulcio.ts";

/** What came of the check of a signature. */
export type SignatureCheck =
  | { readonly verified: true; readonly identity: string }
  /** Nothing could be said; `because` is a clause. */
  | { readonly verified: false; readonly because: string };

const gitHubActions = "https://token.actions.githubusercontent.com";
const releaseWorkflow = (owner: string, tag: string) =>
  `https://github.com/${owner}/spin/.github/workflows/release.yml@refs/tags/${tag}`;

/**
 * The project moved to its own organisation in early 2025: 3.2.0 of March is the last release signed under the old
 * name, 3.3.0 of June the first under the new one.
 */
const lastUseOfTheOldName = new Date("2025-06-01T00:00:00Z");

/**
 * Checks the keyless signature that a release carries: that the binary was signed with the key of a certificate
 * that Fulcio issued to Spin's own release workflow, running for this very tag.
 *
 * It does not look the signature up in the transparency log, which the archive holds no proof of; that the
 * certificate was valid when it was used is taken on trust.
 *
 * @throws Error when the certificate is Fulcio's but somebody else's, or the signature is not the binary's. Whatever
 *   is less than that (no signature, an unknown issuer) is no proof of anything, and returned as not verified.
 */
export function checkSignature(
  { binary, signature, certificate }: SpinFiles,
  tag: string,
  authorities: readonly string[] = fulcioAuthorities,
): SignatureCheck {
  if (signature === undefined || certificate === undefined) {
    return { verified: false, because: "the archive holds no signature" };
  }
  const leaf = parseCertificate(certificate);
  if (leaf === undefined) return { verified: false, because: "its certificate cannot be read" };
  if (
    !isIssuedBy(
      leaf,
      authorities.map((pem) => new X509Certificate(pem)),
    )
  ) {
    return { verified: false, because: "its certificate was not issued by Fulcio" };
  }
  const identity = requireReleaseWorkflow(signerOf(leaf), leaf.validFromDate, tag);
  if (!isSignedWith(leaf, binary, signature)) {
    throw new Error(
      `The binary in the release ${tag} of Spin is not the one that was signed: the signature in its archive does not match it. Do not use this release, and report it to the Spin project.`,
    );
  }
  return { verified: true, identity };
}

function requireReleaseWorkflow(signer: Signer | undefined, issuedAt: Date, tag: string): string {
  const expected = releaseWorkflow("spinframework", tag);
  const former = releaseWorkflow("fermyon", tag);
  const allowed = issuedAt < lastUseOfTheOldName ? [expected, former] : [expected];
  if (signer !== undefined && signer.issuer === gitHubActions && allowed.includes(signer.identity))
    return signer.identity;
  const found =
    signer === undefined ? "somebody who is no workflow" : `${signer.identity} (by ${signer.issuer})`;
  throw new Error(
    `The release ${tag} of Spin should be signed by ${expected}, but it is signed by ${found}. Do not use this release, and report it to the Spin project.`,
  );
}

/** cosign signs the SHA-256 of the file with the certificate's key, and writes the signature as base64. */
function isSignedWith(certificate: X509Certificate, binary: Uint8Array, signature: string): boolean {
  try {
    return verify("sha256", binary, certificate.publicKey, Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}
