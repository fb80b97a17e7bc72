import { fetchVerifiedArchive, type ReleaseAccess, resolveRelease } from "@spin-publisher/spin-release";
import type { BaseWorld } from "./resolve-base.ts";

/** Where Spin's releases come from, and the certificate authorities that Node was built with: Mozilla's. */
export function releasesOfSpin(
  access: ReleaseAccess,
): Pick<BaseWorld, "resolveSpin" | "releaseArchive" | "certificates"> {
  return {
    resolveSpin: async (wanted) => (await resolveRelease(wanted, access)).version,
    releaseArchive: async (version, architecture) => {
      const release = await resolveRelease({ kind: "exact", version }, access);
      const { bytes } = await fetchVerifiedArchive(
        release,
        [{ system: "linux", architecture, static: true }],
        access,
      );
      return bytes;
    },
    certificates: async () => (await import("node:tls")).rootCertificates,
  };
}
