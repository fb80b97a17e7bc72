import { gzipSync } from "fflate";

/**
 * Compresses to the same bytes on every machine. Node's zlib cannot be used: its output differs between versions, platforms
 * and CPUs (nodejs/node#12244, npm/pacote#71), and a digest must not.
 *
 * The header contains no time (MTIME 0) and no operating system (OS 255, "unknown"; RFC 1952 §2.3.1).
 */
export function gzip(bytes: Uint8Array): Uint8Array {
  const compressed = gzipSync(bytes, { level: 9, mtime: 0 });
  compressed[9] = 255;
  return compressed;
}
