/** Reads the primitive values of WebAssembly's binary format (core specification §5.2); undefined at a damaged one. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.position;
  }

  get isAtEnd(): boolean {
    return this.left === 0;
  }

  byte(): number {
    return this.#bytes[this.position++] ?? 0;
  }

  take(length: number): Uint8Array {
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }

  /** An unsigned LEB128 number of 32 bits. */
  number(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.isAtEnd) return undefined;
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value < 2 ** 32 ? value : undefined;
    }
    return undefined;
  }

  /** A name: its length and as many bytes of UTF-8. */
  text(): string | undefined {
    const length = this.number();
    if (length === undefined || length > this.left) return undefined;
    return new TextDecoder().decode(this.take(length));
  }
}
