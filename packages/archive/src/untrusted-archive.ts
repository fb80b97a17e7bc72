/** Limits for a third-party archive. */
export interface ArchiveLimits {
  /** Size of the unpacked content in bytes; for a tar, including its headers. */
  readonly totalBytes: number;
  readonly entries: number;
}

/** A regular file of an archive. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** An archive that is intact but not acceptable. */
export class ArchiveRefused extends Error {}

/** @param reason the end of the sentence "The archive was refused: …". */
export function refused(reason: string): ArchiveRefused {
  return new ArchiveRefused(`The archive was refused: ${reason}.`);
}

/** The entry's path without `./` and a trailing slash; undefined if it leaves the archive. */
export function pathInside(name: string): string | undefined {
  if (name.startsWith("/") || name.includes("\\") || name.includes("\0")) return undefined;
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  return segments.includes("..") ? undefined : segments.join("/");
}
