/**
 * The Sigstore libraries, in one module that is loaded only when something is signed or verified: they are CommonJS, and a
 * bundle keeps them in a file of their own.
 */
import bundle from "@sigstore/bundle";
import specs from "@sigstore/protobuf-specs";
import sign from "@sigstore/sign";
import verify from "@sigstore/verify";

export const { bundleFromJSON, bundleToJSON } = bundle;
export const { TrustedRoot } = specs;
export const { DSSEBundleBuilder, FulcioSigner, RekorWitness } = sign;
export const { toSignedEntity, toTrustMaterial, Verifier } = verify;
