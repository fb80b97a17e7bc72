export { gzip } from "./gzip.ts";
export { type TarEntry, tar } from "./tar.ts";
export { type ArchiveFile, type ArchiveLimits, untar } from "./untar.ts";
