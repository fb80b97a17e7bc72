/** File name → SHA-256 in lower-case hex. */
export type Checksums = ReadonlyMap<string, string>;

/**
 * Parses what `sha256sum` prints: hex, a blank, a blank or `*`, the file's name.
 *
 * @throws Error naming the first line that is not of this form, or the file with two different checksums: half a
 *   checksums file is as good as none.
 */
export function parseChecksums(text: string): Checksums {
  const checksums = new Map<string, string>();
  for (const line of text.split(/\r?\n/).filter((line) => line.trim() !== "")) {
    const [, hex, name] = /^([0-9a-f]{64}) [ *](\S.*)$/i.exec(line) ?? [];
    if (hex === undefined || name === undefined) {
      throw new Error(
        `The checksums file of the release is not what sha256sum prints: it has the line "${line.slice(0, 80)}".`,
      );
    }
    const checksum = hex.toLowerCase();
    if ((checksums.get(name) ?? checksum) !== checksum) {
      throw new Error(`The checksums file of the release has two different checksums for ${name}.`);
    }
    checksums.set(name, checksum);
  }
  return checksums;
}
