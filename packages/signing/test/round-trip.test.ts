import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createFetch, parseMirrors } from "@spin-publisher/http";
import { type Digest, digestOf } from "@spin-publisher/oci";
import { type SigstoreServer, startSigstore } from "@spin-publisher/sandbox";
import {
  fetchIdentityToken,
  parseTrustRoot,
  provenanceOf,
  provenancePredicate,
  publicTrustRoot,
  type SignedStatement,
  signaturePredicate,
  signStatement,
  statementAbout,
  type TrustRoot,
  verifyBundle,
} from "../src/index.ts";

const index = digestOf("an index");
const image = digestOf("an image");
const issuer = "https://token.actions.githubusercontent.com";
const repository = "https://github.com/octo/site";
const identity = "https://github.com/octo/site/.github/workflows/publish.yaml@refs/tags/0.1.2";

let sigstore: SigstoreServer;
let trust: TrustRoot;
let fetch: ReturnType<typeof createFetch>;
// biome-ignore lint/suspicious/noExplicitAny: a document that the tests damage
type Json = any;
const bytesOf = (text: string) => new TextEncoder().encode(text);

beforeAll(async () => {
  sigstore = await startSigstore();
  trust = parseTrustRoot(bytesOf(sigstore.trustRoot), "The trust root");
  fetch = createFetch({ mirrors: parseMirrors(sigstore.mirrors), retry: { attempts: 2, firstDelay: 1 } });
});

beforeEach(() => {
  sigstore.fault = () => undefined;
  sigstore.requests.length = 0;
});

afterAll(() => sigstore.close());

function identityToken() {
  const request = {
    url: sigstore.env.ACTIONS_ID_TOKEN_REQUEST_URL ?? "",
    token: sigstore.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? "",
  };
  return fetchIdentityToken(request, "https://github.com", fetch);
}

async function signed(digests: readonly Digest[] = [index, image]): Promise<SignedStatement> {
  const { token } = await identityToken();
  return signStatement(statementAbout(digests, signaturePredicate, {}), token, fetch);
}

describe("a signature", () => {
  test("takes three requests: the ID token, the certificate, the log entry", async () => {
    await signed();
    expect(sigstore.requests).toEqual(["GET /token", "POST /api/v2/signingCert", "POST /api/v1/log/entries"]);
  });

  test("is a v0.3 bundle with a DSSE envelope, recorded in Rekor v1", async () => {
    const { bundle, predicateType } = await signed();
    const document = JSON.parse(bundle);
    expect(predicateType).toBe("https://sigstore.dev/cosign/sign/v1");
    expect(document.mediaType).toBe("application/vnd.dev.sigstore.bundle.v0.3+json");
    expect(document.verificationMaterial.tlogEntries[0].kindVersion).toEqual({
      kind: "dsse",
      version: "0.0.1",
    });
    expect(JSON.parse(Buffer.from(document.dsseEnvelope.payload, "base64").toString())).toEqual({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ digest: { sha256: index.slice(7) } }, { digest: { sha256: image.slice(7) } }],
      predicateType,
      predicate: {},
    });
  });

  test("of two digests proves who signed each of them, and nothing about a third", async () => {
    const bundle = bytesOf((await signed()).bundle);
    const proof = { identity, issuer, repository, predicateType: signaturePredicate };
    expect(await verifyBundle(bundle, index, trust)).toEqual(proof);
    expect(await verifyBundle(bundle, image, trust)).toEqual(proof);
    await expect(verifyBundle(bundle, digestOf("another"), trust)).rejects.toThrow(
      "is about another artifact",
    );
  });

  test("whose answer was lost is found in the log, not recorded twice", async () => {
    const { token } = await identityToken();
    let lost = 0;
    const losing: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (!String(url).endsWith("/log/entries") || lost > 0) return response;
      lost += 1;
      return fetch(url, init);
    };
    const { bundle } = await signStatement(statementAbout([index], signaturePredicate, {}), token, losing);
    expect(sigstore.requests.filter((request) => request.includes("/log/entries"))).toEqual([
      "POST /api/v1/log/entries",
      "POST /api/v1/log/entries",
      expect.stringMatching(/^GET \/api\/v1\/log\/entries\/[0-9a-f]{64}$/),
    ]);
    expect(await verifyBundle(bytesOf(bundle), index, trust)).toMatchObject({ identity });
  });
});

test("a bundle of the public Sigstore is verified with the trust root that is built in", async () => {
  // The provenance of the npm package sigstore 2.0.0, from the test data of sigstore-go.
  const recorded = await readFile(join(import.meta.dirname, "fixtures/sigstore-2.0.0.sigstore.json"));
  const digest =
    "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
  expect(await verifyBundle(recorded, digest, await publicTrustRoot())).toEqual({
    identity: "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
    issuer,
    repository: "https://github.com/sigstore/sigstore-js",
    predicateType: provenancePredicate,
  });
});

describe("a bundle proves nothing", () => {
  test("by the trust root of another Sigstore", async () => {
    const { bundle } = await signed();
    const other = await publicTrustRoot();
    await expect(verifyBundle(bytesOf(bundle), index, other)).rejects.toThrow("proves nothing");
  });

  test.each([
    ["its payload is another statement", (it: Json) => (it.dsseEnvelope.payload = btoa("{}"))],
    [
      "its signature is another's",
      (it: Json, other: Json) => (it.dsseEnvelope.signatures = other.dsseEnvelope.signatures),
    ],
    [
      "its certificate is another's",
      (it: Json, other: Json) =>
        (it.verificationMaterial.certificate = other.verificationMaterial.certificate),
    ],
    ["it is in no log", (it: Json) => (it.verificationMaterial.tlogEntries = [])],
    [
      "its log entry is another's",
      (it: Json, other: Json) =>
        (it.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries),
    ],
    ["it is of an unknown version", (it: Json) => (it.mediaType = "application/json")],
  ])("when %s", async (_what, change) => {
    const [own, other] = await Promise.all([signed([index]), signed([index])]);
    const bundle = JSON.parse(own.bundle);
    change(bundle, JSON.parse(other.bundle));
    await expect(verifyBundle(bytesOf(JSON.stringify(bundle)), index, trust)).rejects.toThrow();
  });

  test.each(["", "[]", "{}", '{"mediaType":1}'])("when it is %s", async (text) => {
    await expect(verifyBundle(bytesOf(text), index, trust)).rejects.toThrow();
  });
});

describe("provenance", () => {
  test("names the run that the ID token is of, and what the artifact was built from", async () => {
    const { run } = await identityToken();
    expect(provenanceOf(run, [{ uri: "oci://ghcr.io/octo/site/content", digest: image }])).toMatchObject({
      buildDefinition: {
        externalParameters: {
          workflow: {
            ref: "refs/tags/0.1.2",
            repository: "https://github.com/octo/site",
            path: ".github/workflows/consolidated.yaml",
          },
        },
        resolvedDependencies: [
          { uri: "git+https://github.com/octo/site@refs/tags/0.1.2" },
          { uri: "oci://ghcr.io/octo/site/content", digest: { sha256: image.slice(7) } },
        ],
      },
      runDetails: {
        builder: { id: identity },
        metadata: { invocationId: "https://github.com/octo/site/actions/runs/1000001/attempts/1" },
      },
    });
  });

  test("is signed like a signature", async () => {
    const { token, run } = await identityToken();
    const statement = statementAbout([index], provenancePredicate, provenanceOf(run, []));
    const { bundle } = await signStatement(statement, token, fetch);
    const proof = await verifyBundle(bytesOf(bundle), index, trust);
    expect(proof).toEqual({ identity, issuer, repository, predicateType: "https://slsa.dev/provenance/v1" });
  });
});

describe("an error names the service that failed", () => {
  test.each([
    ["GET /token", 403, /GitHub did not issue an ID token \(403\).*id-token: write/],
    ["POST /api/v2/signingCert", 400, /^fulcio\.sigstore\.dev issued no certificate.*no such claim/],
    ["POST /api/v2/signingCert", 503, /^fulcio\.sigstore\.dev issued no certificate.*503/],
    ["POST /api/v1/log/entries", 500, /^rekor\.sigstore\.dev did not record the signature.*500/],
  ])("%s answers %d", async (failing, status, message) => {
    sigstore.fault = (request) =>
      request === failing
        ? {
            status,
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ message: "no such claim" }),
          }
        : undefined;
    await expect(signed()).rejects.toThrow(message);
  });

  test("that never answers", async () => {
    sigstore.fault = (request) =>
      request === "POST /api/v1/log/entries" ? { status: 201, body: "{}", hangs: true } : undefined;
    const { token } = await identityToken();
    const statement = statementAbout([index], signaturePredicate, {});
    await expect(signStatement(statement, token, fetch, 2000)).rejects.toThrow(
      "rekor.sigstore.dev did not record the signature: no answer within 2 s.",
    );
  });

  test("a token that is not a workflow's", async () => {
    const { claims } = sigstore;
    sigstore.claims = { iss: issuer, sub: "someone" };
    await expect(signed()).rejects.toThrow('has no claim "repository"');
    sigstore.claims = claims;
  });
});

test("a trust root must be one", () => {
  expect(() => parseTrustRoot(bytesOf("{}"), "trust.json")).toThrow(
    "trust.json is not a Sigstore trust root",
  );
});
