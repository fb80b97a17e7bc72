import { createHash } from "node:crypto";
import { DownloadRefused, downloadBytes } from "@spin-publisher/http";
import type { Target } from "./asset.ts";
import { isWebPage } from "./checksums.ts";
import { type Asset, findAsset } from "./find-asset.ts";
import type { ReleaseAccess } from "./host.ts";
import type { Release } from "./resolve.ts";

const archiveLimit = 512 << 20;

/**
 * Downloads an archive and verifies it.
 *
 * @throws Error when it is missing or its SHA-256 differs from the one in the checksums file.
 */
export async function fetchArchive(asset: Asset, access: ReleaseAccess): Promise<Uint8Array> {
  const { fetch, retry, onRetry } = access;
  const { bytes, digest } = await downloadBytes(asset.url, {
    fetch,
    limit: archiveLimit,
    ...(retry === undefined ? {} : { retry }),
    ...(onRetry === undefined ? {} : { onRetry }),
  }).catch((error: unknown) => {
    throw error instanceof DownloadRefused && error.status === 404 ? notYetUploaded(asset, error) : error;
  });
  if (digest === `sha256:${asset.sha256}`) return bytes;
  if (isWebPage(new TextDecoder().decode(bytes.subarray(0, 100)))) {
    throw new Error(
      `${asset.url} answered with a web page instead of the archive. Check the mirror or proxy that this machine uses.`,
    );
  }
  throw new Error(
    `${asset.name} is not the archive that was released: expected sha256:${asset.sha256}, but ${asset.url} delivered ${digest} (${bytes.length} bytes). Check the mirror or proxy between this machine and GitHub.`,
  );
}

function notYetUploaded({ url }: Asset, cause: Error): Error {
  return new Error(
    `${url} does not exist although the release's checksums file lists it. The release may still be uploading; try again later.`,
    { cause },
  );
}

/** Whether bytes from another source, such as a cache, are the archive. */
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
