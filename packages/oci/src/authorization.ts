import type { Fetch } from "@spin-publisher/http";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { isLoopback } from "./origin.ts";
import type { Repository } from "./reference.ts";
import { RegistryRefusal } from "./refusals.ts";
import type { Access, Credential, CredentialSource } from "./registry.ts";
import { basic, requestToken, type Token, type TokenService } from "./token.ts";

/** What an `Authorization` header is wanted for. */
export interface Authority {
  readonly repository: Repository;
  readonly access: Access;
  readonly alsoPull?: Repository;
}

export interface Authorization {
  /** The header to send at once, as far as the registry's ways are known; undefined: try without. */
  header(authority: Authority): Promise<string | undefined>;
  /**
   * The header to try again with after a 401 to a request that was sent with `used`; undefined where there is
   * nothing better to offer.
   */
  renewed(authority: Authority, challenge: string, used: string | undefined): Promise<string | undefined>;
}

type Scheme = { readonly kind: "basic" } | ({ readonly kind: "bearer" } & TokenService);

/** How one registry wants to be asked, and the tokens that it gave. */
interface RegistryAccess {
  scheme?: Scheme;
  /** By scopes; one request for each, however many wait for it. */
  readonly tokens: Map<string, Promise<Token>>;
  /** Scopes that a challenge named beyond ours, by ours. */
  readonly extraScopes: Map<string, ReadonlySet<string>>;
}

/**
 * Answers the challenges of registries: Basic, or a bearer token for exactly the scopes of a request. Tokens are kept,
 * renewed before they end, and asked for once even when many requests need one at the same time.
 */
export function createAuthorization(fetch: Fetch, credentials: CredentialSource): Authorization {
  const registries = new Map<string, RegistryAccess>();
  const known = new Map<string, Promise<Credential>>();

  const accessTo = (registry: string): RegistryAccess => {
    const access = registries.get(registry) ?? { tokens: new Map(), extraScopes: new Map() };
    registries.set(registry, access);
    return access;
  };

  const credentialFor = (repository: Repository): Promise<Credential> => {
    const key = `${repository.registry}/${repository.name}`;
    const credential = known.get(key) ?? credentials(repository);
    known.set(key, credential);
    return credential;
  };

  const token = async (service: TokenService, authority: Authority): Promise<string> => {
    const { repository } = authority;
    const { tokens, extraScopes } = accessTo(repository.registry);
    const own = scopesOf(authority);
    const scopes = [...new Set([...own, ...(extraScopes.get(own.join(" ")) ?? [])])];
    const key = scopes.join(" ");
    const kept = tokens.get(key);
    if (kept !== undefined && (await kept).expires > performance.now()) return `Bearer ${(await kept).value}`;
    if (tokens.get(key) === kept) {
      const credential = await credentialFor(repository);
      if (tokens.get(key) === kept) {
        const requested = requestToken(fetch, service, scopes, credential, repository);
        tokens.set(key, requested);
        requested.catch(() => tokens.delete(key));
      }
    }
    const current = tokens.get(key);
    return current === undefined ? token(service, authority) : `Bearer ${(await current).value}`;
  };

  const tokenOrLess = async (service: TokenService, authority: Authority): Promise<string> => {
    try {
      return await token(service, authority);
    } catch (error) {
      const lesser = lesserAuthority(authority);
      if (lesser === undefined || !(error instanceof RegistryRefusal) || error.isTransient) throw error;
      return tokenOrLess(service, lesser);
    }
  };

  const headerNow = async (authority: Authority): Promise<string | undefined> => {
    const { repository } = authority;
    const credential = await credentialFor(repository);
    if (credential.kind === "registry-token") return `Bearer ${credential.token}`;
    const { scheme } = accessTo(repository.registry);
    if (scheme?.kind === "bearer") return tokenOrLess(scheme, authority);
    return scheme?.kind === "basic" && credential.kind === "basic" ? basic(credential) : undefined;
  };

  return {
    header: headerNow,
    renewed: async (authority, challenge, used) => {
      const { registry } = authority.repository;
      const access = accessTo(registry);
      const challenges = parseChallenges(challenge);
      const scheme = schemeOf(challenges, registry);
      if (scheme === undefined) return undefined;
      access.scheme = scheme;
      const own = scopesOf(authority).join(" ");
      const wanted = challenges.flatMap(({ parameters }) => parameters.get("scope")?.split(" ") ?? []);
      if (wanted.length > 0)
        access.extraScopes.set(own, new Set(wanted.filter((scope) => !covers(own, scope))));
      for (const [key, kept] of access.tokens) {
        // Only the token that was refused: another request may have renewed it meanwhile.
        if (`Bearer ${(await kept.catch(() => undefined))?.value}` === used) access.tokens.delete(key);
      }
      const header = await headerNow(authority);
      return header === used ? undefined : header;
    },
  };
}

function schemeOf(challenges: readonly Challenge[], registry: string): Scheme | undefined {
  for (const { scheme, parameters } of challenges) {
    const realm = URL.parse(parameters.get("realm") ?? "");
    if (scheme === "bearer" && realm !== null) {
      return { kind: "bearer", realm: safeRealm(realm, registry), service: parameters.get("service") };
    }
  }
  return challenges.some(({ scheme }) => scheme === "basic") ? { kind: "basic" } : undefined;
}

/** The realm is the registry's word on where our credentials go. */
function safeRealm(realm: URL, registry: string): URL {
  const plain = realm.protocol === "http:" && isLoopback(registry);
  if (realm.protocol === "https:" || plain) return realm;
  throw new Error(
    `${registry} wants credentials sent to ${realm.origin}, which is not HTTPS; nothing was sent.`,
  );
}

function scopesOf({ repository, access, alsoPull }: Authority): readonly string[] {
  const own = `repository:${repository.name}:${access === "pull" ? "pull" : "pull,push"}`;
  return alsoPull === undefined ? [own] : [own, `repository:${alsoPull.name}:pull`];
}

function covers(own: string, scope: string): boolean {
  const [type, name, actions = ""] = splitScope(scope);
  return own.split(" ").some((candidate) => {
    const [ownType, ownName, ownActions = ""] = splitScope(candidate);
    const has = ownActions.split(",");
    return ownType === type && ownName === name && actions.split(",").every((action) => has.includes(action));
  });
}

/** `type:name:actions`, where the name may hold a port. */
function splitScope(scope: string): readonly string[] {
  const first = scope.indexOf(":");
  const last = scope.lastIndexOf(":");
  return [scope.slice(0, first), scope.slice(first + 1, last), scope.slice(last + 1)];
}

/** A service may refuse a token for a foreign source, or for pushing where only reading is allowed. */
function lesserAuthority({ repository, access, alsoPull }: Authority): Authority | undefined {
  if (alsoPull !== undefined) return { repository, access };
  return access === "inspect" ? { repository, access: "pull" } : undefined;
}
