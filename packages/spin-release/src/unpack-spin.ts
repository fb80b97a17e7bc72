import type { Asset } from "./find-asset.ts";

/** The files of a release's archive that matter here. */
export interface SpinFiles {
  readonly binary: Uint8Array;
  /** `spin.sig`: the binary's signature, base64. */
  readonly signature: string | undefined;
  /** `crt.pem`: the certificate of the key that made it. */
  readonly certificate: string | undefined;
}

const archiveLimits = { totalBytes: 1024 << 20, entries: 100 };

/**
 * Takes Spin out of its archive, in memory: nothing in the archive chooses a path on the disk.
 *
 * @throws Error when the archive is hostile or damaged, or does not contain Spin.
 */
export async function unpackSpin(asset: Pick<Asset, "name">, archive: Uint8Array): Promise<SpinFiles> {
  // Most runs find Spin unpacked already and never load what reads archives.
  const { untar, unzip } = await import("@spin-publisher/archive");
  const isZip = asset.name.endsWith(".zip");
  const binaryName = isZip ? "spin.exe" : "spin";
  const isNeeded = (path: string) => [binaryName, "spin.sig", "crt.pem"].includes(path);
  const files = isZip
    ? unzip(archive, archiveLimits, isNeeded)
    : await untar(archive, archiveLimits, isNeeded);
  const bytesOf = (name: string) => files.find(({ path }) => path === name)?.bytes;
  const textOf = (name: string) => {
    const bytes = bytesOf(name);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };
  const binary = bytesOf(binaryName);
  if (binary === undefined || binary.length === 0) {
    throw new Error(
      `${asset.name} does not contain ${binaryName}, so it is not an archive of Spin. Choose another version.`,
    );
  }
  return { binary, signature: textOf("spin.sig"), certificate: textOf("crt.pem") };
}
