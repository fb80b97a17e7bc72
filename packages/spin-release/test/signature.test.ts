import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isIssuedBy, parseCertificate } from "../src/certificate.ts";
import { fulcioAuthorities } from "../src/fulcio.ts";
import { checkSignature } from "../src/index.ts";
import { signerOf } from "../src/signer.ts";
import { authorities, type CertificateOptions, certificate, signatureOf } from "./certificates.ts";

const tag = "v4.0.2";
const binary = new TextEncoder().encode("#!/bin/sh\n");
const workflow = (owner: string, ref = `refs/tags/${tag}`) =>
  `https://github.com/${owner}/spin/.github/workflows/release.yml@${ref}`;
const gitHubActions = "https://token.actions.githubusercontent.com";
const spin: CertificateOptions = { uris: [workflow("spinframework")], issuer: gitHubActions };
const { root, intermediate, pems } = authorities();

function signed(options: CertificateOptions = spin, issuer = intermediate) {
  const holder = certificate(issuer, options);
  return { binary, signature: signatureOf(holder, binary), certificate: holder.pem };
}

describe("the signature of a release", () => {
  test("is verified when Spin's release workflow made it for this tag", async () => {
    expect(await checkSignature(signed(), tag, pems)).toEqual({
      verified: true,
      identity: workflow("spinframework"),
    });
  });

  test("is verified from a certificate in base64, as cosign writes it", async () => {
    const files = signed();
    const encoded = Buffer.from(files.certificate).toString("base64");
    expect((await checkSignature({ ...files, certificate: `${encoded}\n` }, tag, pems)).verified).toBe(true);
  });

  test("is verified from a certificate that the root issued itself", async () => {
    expect((await checkSignature(signed(spin, root), tag, pems)).verified).toBe(true);
  });

  test("is verified from a certificate that has the issuer in its older form only", async () => {
    const old = { uris: spin.uris ?? [], bareIssuer: gitHubActions };
    expect((await checkSignature(signed(old), tag, pems)).verified).toBe(true);
  });

  test.each([
    ["2025-05-31T23:00:00Z", true],
    ["2025-06-01T00:00:00Z", false],
  ])("may carry the project's former name on %s: %s", async (validFrom, allowed) => {
    const former = { ...spin, uris: [workflow("fermyon")], validFrom, validTo: "2025-06-01T00:10:00Z" };
    const check = () => checkSignature(signed(former), tag, pems);
    if (allowed) expect(await check()).toEqual({ verified: true, identity: workflow("fermyon") });
    else await expect(check()).rejects.toThrow("but it is signed by https://github.com/fermyon/spin/");
  });

  test.each<[string, CertificateOptions]>([
    ["another tag", { ...spin, uris: [workflow("spinframework", "refs/tags/v4.0.1")] }],
    ["a branch", { ...spin, uris: [workflow("spinframework", "refs/heads/main")] }],
    ["another repository", { ...spin, uris: [workflow("evil")] }],
    ["another workflow", { ...spin, uris: [workflow("spinframework").replace("release", "build")] }],
    ["a name that only begins like ours", { ...spin, uris: [`${workflow("spinframework")}0`] }],
    ["a token of another issuer", { ...spin, issuer: "https://accounts.example" }],
    ["a person", { issuer: gitHubActions, emails: [workflow("spinframework")] }],
    ["one name that contains another", { ...spin, uris: [`${workflow("spinframework")}, URI:x`] }],
    ["two names", { ...spin, uris: [workflow("spinframework"), workflow("evil")] }],
    ["nobody", { issuer: gitHubActions }],
    ["a token of nobody", { uris: spin.uris ?? [] }],
  ])("for %s is a failure", async (_name, options) => {
    await expect(checkSignature(signed(options), tag, pems)).rejects.toThrow(
      `Spin ${tag} should be signed by ${workflow("spinframework")}, but it is signed by`,
    );
  });

  test.each([
    ["of another key", signatureOf(intermediate, binary)],
    ["that is not a signature", "bm90IGEgc2lnbmF0dXJl"],
    ["that is empty", ""],
  ])("%s is a failure", async (_name, signature) => {
    await expect(checkSignature({ ...signed(), signature }, tag, pems)).rejects.toThrow(
      "does not match the signature in its archive",
    );
  });

  test("does not fit a binary with one bit changed", async () => {
    const changed = Uint8Array.from(binary, (byte, index) => (index === 3 ? byte ^ 1 : byte));
    await expect(checkSignature({ ...signed(), binary: changed }, tag, pems)).rejects.toThrow(
      "does not match the signature in its archive",
    );
  });

  const elsewhere = authorities();
  test.each([
    ["there is none", { ...signed(), signature: undefined }, "contains no signature"],
    ["there is no certificate", { ...signed(), certificate: undefined }, "contains no signature"],
    [
      "its certificate is not a certificate",
      { ...signed(), certificate: "bm90IGEgY2VydGlmaWNhdGU=" },
      "cannot be read",
    ],
    [
      "its certificate is damaged",
      { ...signed(), certificate: signed().certificate.replace("MII", "AAA") },
      "cannot be read",
    ],
    ["somebody else issued its certificate", signed(spin, elsewhere.intermediate), "not issued by Fulcio"],
    [
      "its certificate only claims our issuer",
      signed({ ...spin, claims: "intermediate" }, elsewhere.root),
      "not issued by Fulcio",
    ],
    [
      "its certificate is not for signing code",
      signed({ ...spin, codeSigning: false }),
      "not issued by Fulcio",
    ],
    ["its certificate is an authority's", signed({ ...spin, authority: true }), "not issued by Fulcio"],
    [
      "its certificate is older than its issuer",
      signed({ ...spin, validFrom: "2019-01-01T00:00:00Z" }),
      "not issued by Fulcio",
    ],
  ])("says nothing when %s", async (_name, files, because) => {
    expect(await checkSignature(files, tag, pems)).toEqual({
      verified: false,
      because: expect.stringContaining(because),
    });
  });

  test("of a certificate that issued itself in the root's name says nothing", async () => {
    const impostor = certificate(undefined, { ...spin, name: "root" });
    const files = { binary, signature: signatureOf(impostor, binary), certificate: impostor.pem };
    expect((await checkSignature(files, tag, pems)).verified).toBe(false);
  });

  test("never fails for what nobody could have issued", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        const raw = Buffer.from(bytes).toString("base64");
        const text = `-----BEGIN CERTIFICATE-----\n${raw}\n-----END CERTIFICATE-----\n`;
        expect((await checkSignature({ ...signed(), certificate: text }, tag, pems)).verified).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe("the pinned authorities", () => {
  const fulcio = fulcioAuthorities.map((pem) => new X509Certificate(pem));
  const issued = readFileSync(join(import.meta.dirname, "fixtures", "issued-by-fulcio.pem"), "utf8");
  const leaf = parseCertificate(issued);
  if (leaf === undefined) throw new Error("the fixture is not a certificate");

  test("are two roots and an intermediate of sigstore.dev, those that its trust root lists", () => {
    expect(
      fulcio.map(({ subject, fingerprint256 }) => [subject, fingerprint256.replaceAll(":", "").slice(0, 16)]),
    ).toEqual([
      ["O=sigstore.dev\nCN=sigstore", "03A38FFB1F450100"],
      ["O=sigstore.dev\nCN=sigstore", "3BA7B6CC4E95469D"],
      ["O=sigstore.dev\nCN=sigstore-intermediate", "15D795348226B464"],
    ]);
    expect(fulcio.every(({ validToDate }) => validToDate > new Date("2031-01-01"))).toBe(true);
  });

  test("issued a certificate that Fulcio issued, and not ours", () => {
    expect(isIssuedBy(leaf, fulcio)).toBe(true);
    expect(isIssuedBy(new X509Certificate(signed().certificate), fulcio)).toBe(false);
  });

  test("with one certificate missing issue nothing", () => {
    expect(isIssuedBy(leaf, fulcio.slice(0, 2))).toBe(false);
    expect(isIssuedBy(leaf, fulcio.slice(2))).toBe(false);
  });

  test("make a real certificate of another project a failure", async () => {
    expect(await signerOf(leaf)).toEqual({
      identity: "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
      issuer: gitHubActions,
    });
    await expect(checkSignature({ ...signed(), certificate: issued }, tag)).rejects.toThrow(
      "but it is signed by https://github.com/sigstore/sigstore-js/",
    );
  });
});

describe("the signer in a certificate", () => {
  const parsed = (options: CertificateOptions) => {
    const leaf = parseCertificate(certificate(intermediate, options).pem);
    if (leaf === undefined) throw new Error("the certificate was not parsed");
    return leaf;
  };

  test("is the issuer in its newer form where there are both", async () => {
    const both = { ...spin, bareIssuer: "https://accounts.example" };
    expect((await signerOf(parsed(both)))?.issuer).toBe(gitHubActions);
  });

  test.each<[string, CertificateOptions]>([
    ["an e-mail address", { ...spin, uris: [], emails: ["somebody@example.com"] }],
    ["a URI beside an e-mail address", { ...spin, emails: ["somebody@example.com"] }],
    ["two URIs", { ...spin, uris: [workflow("spinframework"), workflow("spinframework")] }],
    ["a URI with a quotation mark", { ...spin, uris: [`${workflow("spinframework")}"`] }],
    ["a URI with a line break", { ...spin, uris: [`${workflow("spinframework")}\n`] }],
    ["nothing", { ...spin, uris: [] }],
  ])("is undefined where it names %s", async (_name, options) => {
    expect(await signerOf(parsed(options))).toBeUndefined();
  });

  test("is undefined, and never an exception, where bytes were changed", async () => {
    const pem = certificate(intermediate, spin).pem.replace(/-----[^-]+-----|\n/g, "");
    const raw = Buffer.from(pem, "base64");
    await fc.assert(
      fc.asyncProperty(fc.nat(raw.length - 1), fc.nat(255), async (at, octet) => {
        const changed = Buffer.from(raw);
        changed[at] = octet;
        const leaf = parseCertificate(changed.toString("base64"));
        const pemOf = `-----BEGIN CERTIFICATE-----\n${changed.toString("base64")}\n-----END CERTIFICATE-----`;
        const reread = leaf ?? parseCertificate(pemOf);
        const signer = reread === undefined ? undefined : await signerOf(reread);
        expect(["string", "undefined"]).toContain(typeof signer?.identity);
      }),
    );
  });
});
