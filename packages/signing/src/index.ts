export { fetchIdentityToken, type IdentityToken, type TokenRequest } from "./identity-token.ts";
export { type BuildRun, type Material, provenanceOf } from "./provenance.ts";
export { publicAuthorities } from "./public-sigstore.ts";
export {
  type RequiredSigner,
  requiredSigner,
  requiringSignature,
  type SignatureCheck,
} from "./required-signature.ts";
export { type SignedStatement, signStatement } from "./sign-statement.ts";
export { provenancePredicate, type Statement, signaturePredicate, statementAbout } from "./statement.ts";
export {
  bundleManifest,
  bundlesAmong,
  isSignature,
  proofsIn,
  type StoredProof,
} from "./stored-bundles.ts";
export { parseTrustRoot, publicTrustRoot, type TrustRoot } from "./trust-root.ts";
export { type Proof, verifyBundle } from "./verify-bundle.ts";
