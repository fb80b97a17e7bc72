/** File name → SHA-256 in lower-case hex. */
export type Checksums = ReadonlyMap<string, string>;

/**
 * Parses what `sha256sum` prints: hex, a space, a space or `*`, the file's name.
 *
 * @param origin where the file came from, for errors.
 * @throws Error naming the first line in another form, or the file with two different checksums: half a checksums
 *   file is worth no more than none.
 */
export function parseChecksums(text: string, origin: string): Checksums {
  if (isWebPage(text)) {
    throw new Error(
      `${origin} answered with a web page instead of a checksums file. Check the mirror or proxy that this machine uses.`,
    );
  }
  const checksums = new Map<string, string>();
  for (const line of text.split(/\r?\n/).filter((line) => line.trim() !== "")) {
    const [, hex, name] = /^([0-9a-f]{64}) [ *](\S.*)$/i.exec(line) ?? [];
    if (hex === undefined || name === undefined) {
      throw new Error(
        `Expected ${origin} to contain lines as sha256sum prints them, but one is "${line.slice(0, 80)}". Choose another version.`,
      );
    }
    const checksum = hex.toLowerCase();
    if ((checksums.get(name) ?? checksum) !== checksum) {
      throw new Error(`${origin} has two different checksums for ${name}. Choose another version.`);
    }
    checksums.set(name, checksum);
  }
  if (checksums.size === 0) throw new Error(`${origin} is empty. Choose another version.`);
  return checksums;
}

/** Whether text is HTML: sign-in pages and misconfigured mirrors answer with status 200. */
export function isWebPage(text: string): boolean {
  return /^\s*<[!?a-z]/i.test(text);
}
