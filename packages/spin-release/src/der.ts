/** An element of a DER encoding (X.690): its identifier octet and content. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/**
 * The elements that follow each other in `bytes`. Only what X.509 needs: one-octet identifiers, definite lengths.
 *
 * @throws Error when the encoding is not of this kind or ends too early.
 */
export function elementsOf(bytes: Uint8Array): readonly Element[] {
  const elements: Element[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const tag = at(bytes, offset);
    const first = at(bytes, offset + 1);
    const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
    if ((tag & 0x1f) === 0x1f || lengthOctets > 4 || first === 0x80) throw malformed();
    let length = first < 0x80 ? first : 0;
    for (let index = 0; index < lengthOctets; index += 1)
      length = length * 256 + at(bytes, offset + 2 + index);
    const start = offset + 2 + lengthOctets;
    if (start + length > bytes.length) throw malformed();
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    offset = start + length;
  }
  return elements;
}

const explicitExtensions = 0xa3;
const octetString = 0x04;

/**
 * The value of an extension of a certificate (RFC 5280 §4.1), undefined where it has none.
 *
 * @param identifier the content octets of the extension's object identifier, as hex.
 * @throws Error when the certificate is not DER.
 */
export function extensionOf(certificate: Uint8Array, identifier: string): Uint8Array | undefined {
  const [toBeSigned] = elementsOf(only(certificate));
  const extensions = elementsOf(toBeSigned?.content ?? new Uint8Array()).find(
    ({ tag }) => tag === explicitExtensions,
  );
  if (extensions === undefined) return undefined;
  for (const extension of elementsOf(only(extensions.content))) {
    const parts = elementsOf(extension.content);
    if (Buffer.from(parts[0]?.content ?? []).toString("hex") !== identifier) continue;
    return parts.find(({ tag }) => tag === octetString)?.content;
  }
  return undefined;
}

/** The content of the one element that `bytes` consists of. */
function only(bytes: Uint8Array): Uint8Array {
  const [element, ...more] = elementsOf(bytes);
  if (element === undefined || more.length > 0) throw malformed();
  return element.content;
}

function at(bytes: Uint8Array, index: number): number {
  const octet = bytes[index];
  if (octet === undefined) throw malformed();
  return octet;
}

function malformed(): Error {
  return new Error("The certificate is not encoded as X.509 demands.");
}
