import { fetchVerifiedArchive, type ReleaseAccess, resolveRelease } from "@spin-publisher/spin-release";
import type { BaseDependencies } from "./resolve-base.ts";

/** Spin's releases from GitHub, and the certificate authorities that Node was built with, which are Mozilla's. */
export function releasesOfSpin(
  access: ReleaseAccess,
): Pick<BaseDependencies, "resolveSpin" | "releaseArchive" | "certificates"> {
  return {
    resolveSpin: async (requested) => (await resolveRelease(requested, access)).version,
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
