import { generateKeyPairSync, sign } from "node:crypto";

/** A server's key and its self-signed certificate, both PEM. */
export interface Identity {
  readonly key: string;
  readonly certificate: string;
}

/**
 * Makes a certificate for `localhost` and 127.0.0.1 that signs itself, valid from yesterday for a year. Node can
 * read certificates but not write them, hence the few lines of DER (RFC 5280 §4.1, X.690 §8).
 */
export function createIdentity(now: Date = new Date()): Identity {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(objectIdentifier(1, 2, 840, 10045, 4, 3, 2)); // ecdsa-with-SHA256
  const name = sequence(
    set(sequence(objectIdentifier(2, 5, 4, 3), tlv(0x0c, Buffer.from("sandbox registry")))),
  );
  const day = 24 * 3600 * 1000;
  const validity = sequence(time(now.getTime() - day), time(now.getTime() + 365 * day));
  const extensions = sequence(
    extension(objectIdentifier(2, 5, 29, 19), sequence(tlv(0x01, Buffer.from([0xff])))), // CA: clients trust it directly
    extension(
      objectIdentifier(2, 5, 29, 17), // subjectAltName: dNSName, iPAddress
      sequence(tlv(0x82, Buffer.from("localhost")), tlv(0x87, Buffer.from([127, 0, 0, 1]))),
    ),
  );
  const certified = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, Buffer.from([1])), // serial number
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, extensions),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", certified, privateKey)]));
  const base64 = sequence(certified, algorithm, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
  };
}

function extension(identifier: Buffer, value: Buffer): Buffer {
  return sequence(identifier, tlv(0x04, value));
}

/** GeneralizedTime: RFC 5280 requires it from 2050 on, and every reader accepts it before. */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, "");
  return tlv(0x18, Buffer.from(digits));
}

function objectIdentifier(first: number, second: number, ...arcs: readonly number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const arc of arcs) {
    const septets = [arc & 0x7f];
    for (let rest = arc >>> 7; rest > 0; rest >>>= 7) septets.unshift((rest & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

function set(...parts: readonly Buffer[]): Buffer {
  return tlv(0x31, ...parts);
}

/** Tag, length, value. */
function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = value.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
  const header = value.length < 0x80 ? [value.length] : [0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from([tag, ...header]), value]);
}
