/** What an archive of Spin is built for. */
export interface Target {
  readonly system: "linux" | "macos" | "windows";
  /** Named as in Go and in container platforms. */
  readonly architecture: "amd64" | "arm64";
  /** Linked statically against musl. Linux only; runs on any distribution. */
  readonly static: boolean;
}

/**
 * The name of a release's archive. Spin calls arm64 `aarch64` and keeps the `v` of the tag in its names; a
 * release need not have every combination, its checksums file says which it has.
 */
export function assetName(tag: string, { system, architecture, static: isStatic }: Target): string {
  const built = isStatic ? `${tag}-static` : tag;
  const cpu = architecture === "arm64" ? "aarch64" : "amd64";
  return `spin-${built}-${system}-${cpu}.${system === "windows" ? "zip" : "tar.gz"}`;
}

/** The file of a release that lists the SHA-256 of each of its archives. */
export function checksumsName(tag: string): string {
  return `checksums-${tag}.txt`;
}
