/** Bounds for an archive that somebody else made. */
export interface ArchiveLimits {
  /** Size of the unpacked content in bytes; of a tar, its headers included. */
  readonly totalBytes: number;
  readonly entries: number;
}

/** A regular file of an archive. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** What makes an archive unacceptable although it is not damaged. */
export class ArchiveRefused extends Error {}

export function refused(reason: string): ArchiveRefused {
  return new ArchiveRefused(`The archive was refused: ${reason}.`);
}

/** The entry's path without `./` and a trailing slash, or undefined where it does not stay inside. */
export function pathInside(name: string): string | undefined {
  if (name.startsWith("/") || name.includes("\\") || name.includes("\0")) return undefined;
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  return segments.includes("..") ? undefined : segments.join("/");
}
