import { publicAuthorities } from "@spin-publisher/signing";

/**
 * The certificate authorities of Fulcio, the public Sigstore instance: what its trust root (`trusted_root.json`,
 * distributed through TUF from tuf-repo-cdn.sigstore.dev) lists under `certificateAuthorities`. They are public
 * data and valid until 2031. SHA-256 of each, in this order, to compare with any other copy of the trust root:
 *
 * - 03a38ffb1f450100c2596d1d10b900ac4d504058006dda58199576bbeb9c73d0
 * - 3ba7b6cc4e95469d4d334b49cb257ad8537076fa84b0ca87ff4ecfe6a54680c1
 * - 15d795348226b4649f750f5802592c393bee7cc53c3b86982175b7ad087efe47
 */
export const fulcioAuthorities: readonly string[] = publicAuthorities();
