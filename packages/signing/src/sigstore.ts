/**
 * The Sigstore libraries and the public trust root, in one module that is loaded only when something is signed or verified: they are CommonJS, and a
 * bundle keeps them in a file of their own (scripts/build.ts).
 */
import bundle from "@sigstore/bundle";
import specs from "@sigstore/protobuf-specs";
import sign from "@sigstore/sign";
import verify from "@sigstore/verify";
import fetching from "make-fetch-happen";

export const { bundleFromJSON, bundleToJSON } = bundle;
export const { TrustedRoot } = specs;
export const { DSSEBundleBuilder, FulcioSigner, RekorWitness } = sign;
export const { toSignedEntity, toTrustMaterial, Verifier } = verify;

/** What the libraries fetch with while `network.run(fetch, work)` runs. */
export const { network } = fetching;

export { publicSigstore } from "./public-sigstore.ts";
