import { createHash } from "node:crypto";
import { DownloadRefused, downloadBytes, readBounded } from "@spin-publisher/http";
import { assetName, checksumsName, type Target } from "./asset.ts";
import { type Checksums, parseChecksums } from "./checksums.ts";
import { downloadUrl, gitHub, type ReleaseAccess } from "./host.ts";
import { releasedVersions } from "./listing.ts";
import { type Release, whatExists } from "./resolve.ts";

/** An archive of a release, and what its bytes must hash to. */
export interface Asset {
  readonly name: string;
  readonly url: string;
  readonly target: Target;
  /** Lower-case hex, from the release's checksums file. */
  readonly sha256: string;
}

/** What an archive of Spin holds, as far as it matters. */
export interface SpinFiles {
  readonly binary: Uint8Array;
  /** `spin.sig`: the binary's signature, base64. */
  readonly signature: string | undefined;
  /** `crt.pem`: the certificate of the key that made it. */
  readonly certificate: string | undefined;
}

const mebibyte = 1 << 20;
const archiveLimits = { totalBytes: 1024 * mebibyte, entries: 100 };

/**
 * Finds the archive to install: the first of `targets` that the release's checksums file lists.
 *
 * @throws Error when the release or its checksums file does not exist, or it has none of the targets; it says
 *   what exists instead.
 */
export async function findAsset(
  release: Pick<Release, "version" | "tag">,
  targets: readonly Target[],
  access: ReleaseAccess,
): Promise<Asset> {
  const host = access.host ?? gitHub;
  const checksums = await fetchChecksums(release, access);
  for (const target of targets) {
    const name = assetName(release.tag, target);
    const sha256 = checksums.get(name);
    if (sha256 !== undefined) return { name, url: downloadUrl(host, release.tag, name), target, sha256 };
  }
  const wanted = targets.map((target) => assetName(release.tag, target)).join(" or ");
  const existing = [...checksums.keys()].filter((name) => name.startsWith("spin-")).sort();
  throw new Error(
    `Spin ${release.version} was not released as ${wanted}; it exists as ${existing.join(", ") || "nothing at all"}.`,
  );
}

async function fetchChecksums(
  release: Pick<Release, "version" | "tag">,
  access: ReleaseAccess,
): Promise<Checksums> {
  const url = downloadUrl(access.host ?? gitHub, release.tag, checksumsName(release.tag));
  const response = await access.fetch(url, {
    bodyLimit: mebibyte,
    ...(access.onRetry === undefined ? {} : { onRetry: access.onRetry }),
  });
  if (response.status === 404) throw await missingRelease(release, access, url);
  if (!response.ok) throw new DownloadRefused(new URL(url), response.status);
  const file = await readBounded(response, mebibyte, "the checksums file");
  return parseChecksums(new TextDecoder().decode(file));
}

async function missingRelease(
  release: Pick<Release, "version" | "tag">,
  access: ReleaseAccess,
  url: string,
): Promise<Error> {
  const listed: string[] = [];
  try {
    for await (const versions of releasedVersions(access, 100)) listed.push(...versions);
  } catch (cause) {
    return new Error(
      `Spin ${release.version} was not found: ${url} does not exist; see https://github.com/spinframework/spin/releases for the versions there are.`,
      { cause },
    );
  }
  return listed.includes(release.version)
    ? new Error(
        `Spin ${release.version} has no checksums file (${url} does not exist), and what cannot be verified is not installed; use another version: ${whatExists(listed)}.`,
      )
    : new Error(
        `There is no release ${release.version} of Spin (${url} does not exist); ${whatExists(listed)}.`,
      );
}

/**
 * Downloads an archive and verifies it.
 *
 * @throws Error when it is missing or its SHA-256 is not the one in the checksums file.
 */
export async function fetchArchive(asset: Asset, access: ReleaseAccess): Promise<Uint8Array> {
  const { fetch, retry, onRetry } = access;
  const { bytes, digest } = await downloadBytes(asset.url, {
    fetch,
    limit: 512 * mebibyte,
    ...(retry === undefined ? {} : { retry }),
    ...(onRetry === undefined ? {} : { onRetry }),
  }).catch((error: unknown) => {
    throw error instanceof DownloadRefused && error.status === 404 ? notYetThere(asset, error) : error;
  });
  if (digest !== `sha256:${asset.sha256}`) {
    throw new Error(
      `${asset.name} is not what was released: its digest should be sha256:${asset.sha256}, but ${asset.url} delivered ${digest} (${bytes.length} bytes); check what stands between this machine and GitHub.`,
    );
  }
  return bytes;
}

function notYetThere({ url }: Asset, cause: Error): Error {
  return new Error(
    `${url} does not exist although the checksums file of its release lists it; the release may be in the making, try again later.`,
    { cause },
  );
}

/** Whether bytes from somewhere else, such as a cache, are the archive. */
export function isIntact(asset: Asset, bytes: Uint8Array): boolean {
  return createHash("sha256").update(bytes).digest("hex") === asset.sha256;
}

/** `findAsset` and `fetchArchive` in one step. */
export async function fetchVerifiedArchive(
  release: Pick<Release, "version" | "tag">,
  targets: readonly Target[],
  access: ReleaseAccess,
): Promise<{ readonly asset: Asset; readonly bytes: Uint8Array }> {
  const asset = await findAsset(release, targets, access);
  return { asset, bytes: await fetchArchive(asset, access) };
}

/**
 * Takes Spin out of its archive, in memory: nothing of the archive reaches the disk under a name of its choice.
 *
 * @throws Error when the archive is hostile or damaged, or holds no Spin.
 */
export async function unpackSpin(asset: Pick<Asset, "name">, archive: Uint8Array): Promise<SpinFiles> {
  // Most runs find Spin unpacked already; they need not wait for what reads archives.
  const { untar, unzip } = await import("@spin-publisher/archive");
  const isZip = asset.name.endsWith(".zip");
  const binaryName = isZip ? "spin.exe" : "spin";
  const wanted = (path: string) => [binaryName, "spin.sig", "crt.pem"].includes(path);
  const files = isZip ? unzip(archive, archiveLimits, wanted) : await untar(archive, archiveLimits, wanted);
  const bytesOf = (name: string) => files.find(({ path }) => path === name)?.bytes;
  const textOf = (name: string) => {
    const bytes = bytesOf(name);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };
  const binary = bytesOf(binaryName);
  if (binary === undefined || binary.length === 0) {
    throw new Error(`${asset.name} holds no ${binaryName}; it is not an archive of Spin.`);
  }
  return { binary, signature: textOf("spin.sig"), certificate: textOf("crt.pem") };
}
