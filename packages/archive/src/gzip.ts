import { crc32 } from "node:zlib";
import { deflateSync } from "fflate";

/**
 * Compresses to the same bytes on every machine. Node's deflate cannot be used: its output differs between versions, platforms
 * and CPUs (nodejs/node#12244, npm/pacote#71), and a digest must not. Its checksum can: a CRC is what it is.
 *
 * The header contains no time (MTIME 0) and no operating system (OS 255, "unknown"; RFC 1952 §2.3.1).
 *
 * @param level part of what the digest depends on. Of a chart with 7 MB of YAML, level 6 is 1 % larger than 9 and takes
 *   half the time.
 */
export function gzip(bytes: Uint8Array, level: 6 | 9 = 9): Uint8Array {
  const deflated = deflateSync(bytes, { level });
  const compressed = Buffer.alloc(10 + deflated.length + 8);
  compressed.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level === 9 ? 2 : 0, 255]); // XFL 2: compressed as much as possible
  compressed.set(deflated, 10);
  compressed.writeUInt32LE(crc32(bytes), 10 + deflated.length);
  compressed.writeUInt32LE(bytes.length % 2 ** 32, 14 + deflated.length);
  return compressed;
}
