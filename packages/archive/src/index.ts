export { compareBytes } from "./byte-order.ts";
export { gzip, storedGzip } from "./gzip.ts";
export { storedTarGzip, type TarEntry, tar } from "./tar.ts";
export { untar } from "./untar.ts";
export type { ArchiveFile, ArchiveLimits } from "./untrusted-archive.ts";
export { unzip } from "./unzip.ts";
