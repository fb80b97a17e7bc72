import { type Fetch, readJson } from "@spin-publisher/http";
import { refusal } from "../refusals/registry-refusal.ts";
import { isPrivateHost } from "../spec/origin.ts";
import type { Repository } from "../spec/reference.ts";
import type { Challenge } from "./challenge.ts";
import type { Credential } from "./credential.ts";

/** A bearer token and when it ends, in milliseconds of the clock it was asked for with. */
export interface Token {
  readonly value: string;
  readonly expires: number;
}

/** Where a registry's tokens come from, as its challenge says. */
export interface TokenService {
  readonly realm: URL;
  readonly service: string | undefined;
}

/**
 * The token service that a bearer challenge names; undefined where there is no such challenge.
 *
 * @throws Error when our credentials would go there unencrypted, or from a public registry into a private network: the
 *   realm is the registry's word on where to send them.
 */
export function tokenService(challenges: readonly Challenge[], registry: URL): TokenService | undefined {
  const bearer = challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters.has("realm"));
  const realm = URL.parse(bearer?.parameters.get("realm") ?? "");
  if (bearer === undefined || realm === null) return undefined;
  if (realm.protocol !== "https:" && (realm.protocol !== "http:" || registry.protocol !== "http:")) {
    throw new Error(
      `${registry.host} wants credentials sent to ${realm.origin} without TLS; none were sent.`,
    );
  }
  if (isPrivateHost(realm.hostname) && !isPrivateHost(registry.hostname)) {
    throw new Error(
      `${registry.host} wants credentials sent to the private address ${realm.host}; none were sent.`,
    );
  }
  return { realm, service: bearer.parameters.get("service") };
}

/** A token service has no reason to answer with more. */
const answerLimit = 128 << 10;

/**
 * Asks a token service for a token of these scopes (distribution-spec has no text on it; the form is Docker's token
 * authentication). The push scope goes first, because some services read only that one.
 *
 * @throws RegistryRefusal when the service refuses, Error when its answer holds no token.
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
  if (response.status !== 200) throw await refusal(response, "give a token for", repository);
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

/** The OAuth2 form, which alone accepts refresh tokens. */
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
  const fields = typeof answer === "object" && answer !== null ? new Map(Object.entries(answer)) : new Map();
  const value: unknown = fields.get("token") || fields.get("access_token");
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw new Error(`${what} answered without a token; look at the service's status, then try again.`);
  }
  const life: unknown = fields.get("expires_in");
  const seconds = typeof life === "number" && life > 0 ? Math.min(life, 86_400) : 60;
  // Renewed while a tenth of its life or ten seconds are left, so that it does not end on the way.
  const margin = Math.min(10, seconds / 10);
  return { value, expires: now + (seconds - margin) * 1000 };
}
