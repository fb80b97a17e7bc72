import { verify, X509Certificate } from "node:crypto";
import { isIssuedBy, parseCertificate } from "./certificate.ts";
import { fulcioAuthorities } from "./fulcio.ts";
import { type Signer, signerOf } from "./signer.ts";
import type { SpinFiles } from "./unpack-spin.ts";

/** The outcome of checking a signature. */
export type SignatureCheck =
  | { readonly verified: true; readonly identity: string }
  /** There is no proof either way; `because` is a clause. */
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
 * The signature is not looked up in the transparency log, because the archive contains no proof from it. That the
 * certificate was valid when it was used is taken on trust.
 *
 * @throws Error when Fulcio issued the certificate to somebody else, or when the signature does not match the binary.
 *   Anything less (no signature, an unknown issuer) proves nothing and is returned as not verified.
 */
export async function checkSignature(
  { binary, signature, certificate }: SpinFiles,
  tag: string,
  authorities: readonly string[] = fulcioAuthorities,
): Promise<SignatureCheck> {
  if (signature === undefined || certificate === undefined) {
    return { verified: false, because: "the archive contains no signature" };
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
  const identity = requireReleaseWorkflow(await signerOf(leaf), leaf.validFromDate, tag);
  if (!isSignedWith(leaf, binary, signature)) {
    throw new Error(
      `The binary in Spin ${tag} does not match the signature in its archive. Do not use this release, and report it to the Spin project.`,
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
    signer === undefined
      ? "something other than a workflow"
      : `${signer.identity} (according to ${signer.issuer})`;
  throw new Error(
    `Spin ${tag} should be signed by ${expected}, but it is signed by ${found}. Do not use this release, and report it to the Spin project.`,
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
