import { createHash, generateKeyPairSync, randomUUID, verify } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import mock from "@sigstore/mock";
import { isObject, type JsonObject, parseObject } from "@spin-publisher/json";
import { listenOnLoopback } from "../loopback.ts";
import { type Answer, bodyOf, json, send } from "./answer.ts";

export interface SigstoreOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Claims of the ID tokens in place of those of `defaultClaims`. */
  readonly claims?: Readonly<Record<string, string>>;
  /** Answers a request in the place of the service; undefined lets it pass. */
  readonly fault?: (request: string) => Answer | undefined;
}

/** A stand-in for GitHub's issuer of ID tokens, Fulcio with its certificate log, and Rekor (v1). */
export interface SigstoreServer {
  readonly origin: string;
  /** For `ORIGIN_MIRRORS`. */
  readonly mirrors: string;
  /** What the runner adds to the environment of a job that has `permissions: id-token: write`. */
  readonly env: Readonly<Record<string, string>>;
  /** The trust root of this instance, as cosign and `@sigstore/verify` read it. */
  readonly trustRoot: string;
  /** Method and path of every request, in order. */
  readonly requests: string[];
  /** Claims of the tokens from now on. */
  claims: Readonly<Record<string, string>>;
  fault: (request: string) => Answer | undefined;
  close(): Promise<void>;
}

/** The claims of a job of `octo/site` that a push of `0.1.2` started, in a called workflow. */
export const defaultClaims: Readonly<Record<string, string>> = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:octo/site:ref:refs/tags/0.1.2",
  repository: "octo/site",
  repository_id: "1001",
  repository_owner: "octo",
  repository_owner_id: "1000",
  repository_visibility: "public",
  ref: "refs/tags/0.1.2",
  sha: "0123456789abcdef0123456789abcdef01234567",
  event_name: "push",
  workflow_ref: "octo/site/.github/workflows/consolidated.yaml@refs/tags/0.1.2",
  job_workflow_ref: "octo/site/.github/workflows/publish.yaml@refs/tags/0.1.2",
  runner_environment: "github-hosted",
  run_id: "1000001",
  run_attempt: "1",
};

/**
 * Starts one server for all three. Certificates come from `@sigstore/mock`; the log writes the canonical entry, as Rekor does
 * and verifiers want, where the mock repeats what was proposed. cosign is the judge of both (`make interop`).
 */
export async function startSigstore(options: SigstoreOptions = {}): Promise<SigstoreServer> {
  const keys = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const ctLog = await mock.initializeCTLog(keys());
  const authority = await mock.initializeCA(generateKeyPairSync("ec", { namedCurve: "secp384r1" }), ctLog);
  const log = await mock.initializeTLog("https://rekor.sigstore.dev", keys());
  const fulcio = mock.fulcioHandler(authority, { subjectClaim: "san" });
  const secret = randomUUID();
  const requests: string[] = [];
  const recorded = new Map<string, string>();

  const { origin, close } = await listenOnLoopback((request, response) => {
    respond(request, response).catch(() => response.destroy());
  }, options.port ?? 0);

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin);
    const name = `${request.method} ${url.pathname}`;
    const body = await bodyOf(request);
    requests.push(name);
    const answer = server.fault(name) ?? (await answerTo(name, url, request, body));
    await send(request, response, answer);
  }

  async function answerTo(
    name: string,
    url: URL,
    { headers }: IncomingMessage,
    body: Uint8Array,
  ): Promise<Answer> {
    if (name === "GET /token") {
      if (headers.authorization !== `Bearer ${secret}`) return json(401, { message: "bad credentials" });
      return json(200, { value: tokenFor(url.searchParams.get("audience") ?? "") });
    }
    if (name === "POST /api/v2/signingCert") return certificateFor(parseObject(body, "The request"));
    if (name === "POST /api/v1/log/entries") return entryFor(parseObject(body, "The entry"));
    const known = recorded.get(url.pathname);
    return known === undefined ? json(404, { message: "not found" }) : json(200, JSON.parse(known));
  }

  /** Signed by nobody: Fulcio below looks at the claims only. */
  function tokenFor(audience: string): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = { ...server.claims, aud: audience, iat: now, exp: now + 300 };
    return [{ alg: "RS256", typ: "JWT" }, claims, "signature"].map(encoded).join(".");
  }

  async function certificateFor(request: JsonObject): Promise<Answer> {
    const { credentials, publicKeyRequest } = request;
    const token = text(isObject(credentials) ? credentials.oidcIdentityToken : undefined);
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const { publicKey, proofOfPossession } = isObject(publicKeyRequest) ? publicKeyRequest : {};
    const key = text(isObject(publicKey) ? publicKey.content : undefined);
    const proof = Buffer.from(text(proofOfPossession), "base64");
    if (claims.aud !== "sigstore") return json(400, { message: "the token is for another audience" });
    if (!verify("sha256", Buffer.from(text(claims.sub)), key, proof))
      return json(400, { message: "the proof of possession is wrong" });
    const named = { ...claims, san: `https://github.com/${claims.job_workflow_ref}` };
    const asked = {
      ...request,
      credentials: { oidcIdentityToken: [{ alg: "none" }, named, ""].map(encoded).join(".") },
    };
    const { statusCode, response } = await fulcio.fn(JSON.stringify(asked));
    return json(statusCode, JSON.parse(String(response)));
  }

  async function entryFor({ kind, apiVersion, spec }: JsonObject): Promise<Answer> {
    const { proposedContent } = isObject(spec) ? spec : {};
    const { envelope, verifiers } = isObject(proposedContent) ? proposedContent : {};
    if (kind !== "dsse" || !Array.isArray(verifiers)) return json(400, { message: "only dsse is recorded" });
    const parsed = JSON.parse(text(envelope));
    const canonical = {
      apiVersion,
      kind,
      spec: {
        envelopeHash: { algorithm: "sha256", value: sha256(Buffer.from(text(envelope))) },
        payloadHash: { algorithm: "sha256", value: sha256(Buffer.from(text(parsed.payload), "base64")) },
        signatures: [{ signature: parsed.signatures[0].sig, verifier: verifiers[0] }],
      },
    };
    const path = `/api/v1/log/entries/${sha256(Buffer.from(JSON.stringify(canonical)))}`;
    if (recorded.has(path))
      return {
        ...json(409, { code: 409, message: "an equivalent entry already exists" }),
        headers: { "content-type": "application/json", location: path },
      };
    const document = JSON.stringify(await log.log(canonical));
    recorded.set(path, document);
    return json(201, JSON.parse(document), { location: path });
  }

  const start = new Date(Date.now() - 60_000).toISOString();
  const ecKey = (rawBytes: Buffer) => ({
    publicKey: {
      rawBytes: rawBytes.toString("base64"),
      keyDetails: "PKIX_ECDSA_P256_SHA_256",
      validFor: { start },
    },
    logId: { keyId: createHash("sha256").update(rawBytes).digest("base64") },
    hashAlgorithm: "SHA2_256",
  });
  const server: SigstoreServer = {
    origin,
    mirrors: `https://fulcio.sigstore.dev=${origin} https://rekor.sigstore.dev=${origin}`,
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret,
    },
    trustRoot: JSON.stringify({
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [{ baseUrl: "https://rekor.sigstore.dev", ...ecKey(log.publicKey) }],
      certificateAuthorities: [
        {
          subject: { organization: "sigstore.mock", commonName: "sigstore" },
          uri: "https://fulcio.sigstore.dev",
          certChain: {
            certificates: [
              { rawBytes: Buffer.from(authority.rootCertificate as Uint8Array).toString("base64") },
            ],
          },
          validFor: { start },
        },
      ],
      ctlogs: [{ baseUrl: "https://ctfe.sigstore.dev", ...ecKey(ctLog.publicKey) }],
      timestampAuthorities: [],
    }),
    requests,
    claims: { ...defaultClaims, ...options.claims },
    fault: options.fault ?? (() => undefined),
    close,
  };
  return server;
}

function encoded(part: unknown): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
