import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A certificate authority of a test, or the holder of a certificate. */
export interface Holder {
  readonly pem: string;
  readonly name: string;
  readonly key: KeyObject;
}

export interface CertificateOptions {
  readonly name?: string;
  readonly authority?: boolean;
  /** Subject alternative names: URIs, or e-mail addresses. */
  readonly uris?: readonly string[];
  readonly emails?: readonly string[];
  /** Fulcio's extension 8, and the older extension 1. */
  readonly issuer?: string;
  readonly bareIssuer?: string;
  readonly codeSigning?: boolean;
  readonly validFrom?: string;
  readonly validTo?: string;
  /** Claims another issuer's name than the signing one has. */
  readonly claims?: string;
}

/** A certificate in the shape of Fulcio's, signed by `issuer` or by itself. Written in DER by hand: Node makes none. */
export function certificate(issuer: Holder | undefined, options: CertificateOptions = {}): Holder {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = options.name ?? "";
  const extensions = [
    extension("551d13", sequence(...(options.authority === true ? [der(0x01, Buffer.of(0xff))] : []))),
    ...(options.codeSigning === false ? [] : [extension("551d25", sequence(oid("2b06010505070303")))]),
    extension(
      "551d11",
      sequence(
        ...(options.emails ?? []).map((email) => der(0x81, Buffer.from(email))),
        ...(options.uris ?? []).map((uri) => der(0x86, Buffer.from(uri))),
      ),
    ),
    ...(options.issuer === undefined
      ? []
      : [extension("2b0601040183bf300108", der(0x0c, Buffer.from(options.issuer)))]),
    ...(options.bareIssuer === undefined
      ? []
      : [extension("2b0601040183bf300101", Buffer.from(options.bareIssuer))]),
  ];
  const algorithm = sequence(oid("2a8648ce3d040302")); // ecdsa-with-SHA256
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(serial++)),
    algorithm,
    distinguishedName(options.claims ?? issuer?.name ?? name),
    sequence(
      time(options.validFrom ?? "2026-06-23T10:00:00Z"),
      time(options.validTo ?? "2026-06-23T10:10:00Z"),
    ),
    distinguishedName(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", toBeSigned, issuer?.key ?? privateKey);
  const raw = sequence(toBeSigned, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  const pem = `-----BEGIN CERTIFICATE-----\n${raw.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
  return { pem, name, key: privateKey };
}

let serial = 1;
const century = { validFrom: "2020-01-01T00:00:00Z", validTo: "2049-01-01T00:00:00Z" };

/** A root and an intermediate, like Fulcio's. */
export function authorities(): {
  readonly root: Holder;
  readonly intermediate: Holder;
  readonly pems: readonly string[];
} {
  const root = certificate(undefined, { name: "root", authority: true, ...century });
  const intermediate = certificate(root, { name: "intermediate", authority: true, ...century });
  return { root, intermediate, pems: [root.pem, intermediate.pem] };
}

/** What cosign writes into `spin.sig`. */
export function signatureOf(holder: Holder, content: Uint8Array): string {
  return sign("sha256", content, holder.key).toString("base64");
}

function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const octets =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...octets), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function extension(hex: string, value: Uint8Array): Buffer {
  return sequence(oid(hex), der(0x04, value));
}

function distinguishedName(name: string): Buffer {
  if (name === "") return sequence();
  return sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(name)))));
}

/** UTCTime, which RFC 5280 §4.1.2.5 wants for the years up to 2049. */
function time(iso: string): Buffer {
  return der(
    0x17,
    Buffer.from(
      `${new Date(iso)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, "")
        .slice(2)}`,
    ),
  );
}
