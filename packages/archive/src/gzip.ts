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

/** The most bytes of a stored block (RFC 1951 §3.2.4). */
const storedBlock = 65_535;

/** A gzip member that only frames its content, for what does not compress: the same bytes however it arrives. */
export async function* storedGzip(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const block = Buffer.alloc(storedBlock);
  let filled = 0;
  let checksum = 0;
  let size = 0;
  for await (const bytes of content) {
    checksum = crc32(bytes, checksum);
    size += bytes.length;
    for (let start = 0; start < bytes.length; ) {
      const part = bytes.subarray(start, start + storedBlock - filled);
      block.set(part, filled);
      filled += part.length;
      start += part.length;
      if (filled < storedBlock) continue;
      yield stored(block, false);
      filled = 0;
    }
  }
  yield stored(block.subarray(0, filled), true);
  const end = Buffer.alloc(8);
  end.writeUInt32LE(checksum);
  end.writeUInt32LE(size % 2 ** 32, 4);
  yield end;
}

function stored(bytes: Uint8Array, isLast: boolean): Uint8Array {
  const header = Buffer.alloc(5);
  header[0] = isLast ? 1 : 0;
  header.writeUInt16LE(bytes.length, 1);
  header.writeUInt16LE(bytes.length ^ 0xffff, 3);
  return Buffer.concat([header, bytes]);
}
