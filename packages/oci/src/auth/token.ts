import { type Fetch, readJson } from "@spin-publisher/http";
import { isObject } from "@spin-publisher/json";
import { refusal } from "../refusals/registry-refusal.ts";
import { sentWith } from "../refusals/sent-credentials.ts";
import { isPrivateHost } from "../spec/origin.ts";
import type { Repository } from "../spec/reference.ts";
import type { Challenge } from "./challenge.ts";
import { type Credential, senderOf } from "./credential.ts";

/** A bearer token and when it expires, in milliseconds of the policy's clock. */
export interface Token {
  readonly value: string;
  readonly expires: number;
}

/** Where a registry's tokens come from, according to its challenge. */
export interface TokenService {
  readonly realm: URL;
  readonly service: string | undefined;
}

/**
 * The token service that a bearer challenge names; undefined without such a challenge.
 *
 * @throws Error when credentials would be sent unencrypted, or, for a public registry, into a private network: it is the
 *   registry that says where to send them.
 */
export function tokenService(challenges: readonly Challenge[], registry: URL): TokenService | undefined {
  const bearer = challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters.has("realm"));
  const realm = URL.parse(bearer?.parameters.get("realm") ?? "");
  if (bearer === undefined || realm === null) return undefined;
  if (realm.protocol !== "https:" && (realm.protocol !== "http:" || registry.protocol !== "http:")) {
    throw new Error(
      `${registry.host} asks for credentials to be sent to ${realm.origin} without TLS; none were sent.`,
    );
  }
  if (isPrivateHost(realm.hostname) && !isPrivateHost(registry.hostname)) {
    throw new Error(
      `${registry.host} asks for credentials to be sent to the private address ${realm.host}; none were sent.`,
    );
  }
  return { realm, service: bearer.parameters.get("service") };
}

/** More than any token needs. */
const answerLimit = 128 << 10;

/**
 * Requests a token for these scopes, as Docker's token authentication describes it (distribution-spec does not cover it).
 *
 * @throws RegistryRefusal when the service refuses, Error when its answer does not contain a token.
 */
export async function requestToken(
  { fetch, now }: { readonly fetch: Fetch; readonly now: () => number },
  service: TokenService,
  scopes: readonly string[],
  credential: Credential,
  repository: Repository,
): Promise<Token> {
  const what = `the token service ${service.realm.origin}${service.realm.pathname}`;
  const asked = { service, scopes, credential };
  const response = await (credential.kind === "identity-token" ? exchange(fetch, asked) : ask(fetch, asked));
  if (response.status !== 200) {
    throw await refusal(sentWith(response, senderOf(credential)), "give a token for", repository);
  }
  return readToken(await readJson(response, answerLimit, `the answer of ${what}`), what, now());
}

interface Asked {
  readonly service: TokenService;
  readonly scopes: readonly string[];
  readonly credential: Credential;
}

function ask(fetch: Fetch, { service, scopes, credential }: Asked): Promise<Response> {
  const url = new URL(service.realm);
  if (service.service !== undefined) url.searchParams.set("service", service.service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const headers = credential.kind === "basic" ? { authorization: basic(credential) } : {};
  return fetch(url, { headers, bodyLimit: answerLimit });
}

/** The OAuth2 form, the only one that accepts refresh tokens. */
function exchange(fetch: Fetch, { service, scopes, credential }: Asked): Promise<Response> {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    service: service.service ?? "",
    client_id: "spin-publisher",
    scope: scopes.join(" "),
    refresh_token: credential.kind === "identity-token" ? credential.token : "",
  });
  return fetch(service.realm, { method: "POST", body: form, bodyLimit: answerLimit });
}

/** `Basic` credentials (RFC 7617). */
export function basic(credential: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString("base64")}`;
}

function readToken(answer: unknown, what: string, now: number): Token {
  const fields = isObject(answer) ? answer : {};
  const value = fields.token || fields.access_token;
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw new Error(`${what} answered without a token. Check the service's status, then run the job again.`);
  }
  const life = fields.expires_in;
  const seconds = typeof life === "number" && life > 0 ? Math.min(life, 86_400) : 60;
  // Renewed early, so that it does not expire in transit.
  const margin = Math.min(10, seconds / 10);
  return { value, expires: now + (seconds - margin) * 1000 };
}
