import { type Fetch, type RetryPolicy, repeat } from "@spin-publisher/http";
import { RegistryRefusal } from "../refusals/registry-refusal.ts";
import type { SentCredentials } from "../refusals/sent-credentials.ts";
import type { Repository } from "../spec/reference.ts";
import { parseChallenges } from "./challenge.ts";
import { type Credential, type CredentialSource, senderOf } from "./credential.ts";
import { type Authority, covers, lesserAuthority, scopesOf } from "./scopes.ts";
import { basic, requestToken, type Token, type TokenService, tokenService } from "./token.ts";

export interface Authorization {
  /** The header to send first, by what is known about the registry so far; undefined to send none. */
  header(authority: Authority): Promise<string | undefined>;
  /**
   * The header to retry with after a 401 to a request that was sent with `used`; undefined if there is nothing better to
   * offer.
   */
  renewed(authority: Authority, challenge: string, used: string | undefined): Promise<string | undefined>;
  /** Whose credentials requests to a repository are sent with, to be shown if they are refused. */
  sender(repository: Repository): Promise<SentCredentials>;
}

type Scheme = { readonly kind: "basic" } | { readonly kind: "bearer"; readonly service: TokenService };

/** How one registry authenticates, and the tokens it issued. */
interface RegistryAccess {
  scheme?: Scheme;
  /** By scopes; one request for each, however many callers wait for it. */
  readonly tokens: Map<string, Promise<Token>>;
  /** Scopes that a challenge named in addition to ours, by ours. */
  readonly extraScopes: Map<string, readonly string[]>;
}

export interface AuthorizationDependencies {
  readonly fetch: Fetch;
  readonly credentials: CredentialSource;
  readonly retry: RetryPolicy;
  /** The origin of a registry's API: `https://`, or `http://` for loopback and insecure registries. */
  readonly originOf: (repository: Repository) => URL;
}

/**
 * Answers the challenges of registries: Basic, or a bearer token for exactly the scopes of a request. Tokens are cached,
 * renewed before they expire, and requested once even if many requests need one at the same time.
 */
export function createAuthorization({
  fetch,
  credentials,
  retry,
  originOf,
}: AuthorizationDependencies): Authorization {
  const registries = new Map<string, RegistryAccess>();
  const found = new Map<string, Promise<Credential>>();

  const accessTo = (registry: string): RegistryAccess => {
    const access = registries.get(registry) ?? { tokens: new Map(), extraScopes: new Map() };
    registries.set(registry, access);
    return access;
  };

  const credentialFor = (repository: Repository): Promise<Credential> => {
    const key = `${repository.registry}/${repository.name}`;
    const credential = found.get(key) ?? credentials(repository);
    found.set(key, credential);
    return credential;
  };

  const bearer = async (service: TokenService, authority: Authority): Promise<string> => {
    const { tokens, extraScopes } = accessTo(authority.repository.registry);
    const own = scopesOf(authority);
    const scopes = [...own, ...(extraScopes.get(own.join(" ")) ?? [])];
    const key = scopes.join(" ");
    const kept = tokens.get(key);
    if (kept !== undefined) {
      const { value, expires } = await kept;
      if (expires > retry.now()) return `Bearer ${value}`;
      if (tokens.get(key) === kept) tokens.delete(key);
    }
    const requested = tokens.get(key) ?? newToken(service, authority, scopes);
    tokens.set(key, requested);
    requested.catch(() => {
      if (tokens.get(key) === requested) tokens.delete(key);
    });
    return `Bearer ${(await requested).value}`;
  };

  const newToken = async (
    service: TokenService,
    { repository, access }: Authority,
    scopes: readonly string[],
  ): Promise<Token> => {
    const credential = await credentialFor(repository);
    // ghcr.io denies tokens at random (different-ai/openwork#3886). For reading, fewer scopes are tried instead.
    const attempts = access === "push" && credential.kind !== "anonymous" ? 3 : 1;
    return repeat(
      () => requestToken({ fetch, now: retry.now }, service, scopes, credential, repository),
      (error) => (error instanceof RegistryRefusal && error.status === 403 ? { because: "403" } : undefined),
      { ...retry, attempts },
    );
  };

  const bearerOrLess = async (service: TokenService, authority: Authority): Promise<string> => {
    try {
      return await bearer(service, authority);
    } catch (error) {
      const lesser = lesserAuthority(authority);
      if (lesser === undefined || !(error instanceof RegistryRefusal) || error.transient !== undefined)
        throw error;
      return bearerOrLess(service, lesser);
    }
  };

  const header = async (authority: Authority): Promise<string | undefined> => {
    const { repository } = authority;
    const credential = await credentialFor(repository);
    if (credential.kind === "registry-token") return `Bearer ${credential.token}`;
    const { scheme } = accessTo(repository.registry);
    if (scheme?.kind === "bearer") return bearerOrLess(scheme.service, authority);
    return scheme?.kind === "basic" && credential.kind === "basic" ? basic(credential) : undefined;
  };

  return {
    header,
    sender: async (repository) => senderOf(await credentialFor(repository)),
    renewed: async (authority, challenge, used) => {
      const { repository } = authority;
      const access = accessTo(repository.registry);
      const challenges = parseChallenges(challenge);
      const service = tokenService(challenges, originOf(repository));
      if (service !== undefined) access.scheme = { kind: "bearer", service };
      else if (challenges.some(({ scheme }) => scheme === "basic")) access.scheme = { kind: "basic" };
      else return undefined;
      const own = scopesOf(authority);
      const named = challenges.flatMap(({ parameters }) => parameters.get("scope")?.split(" ") ?? []);
      const extra = named.filter((scope) => scope !== "" && !covers(own, scope));
      if (extra.length > 0) access.extraScopes.set(own.join(" "), extra);
      for (const [key, token] of access.tokens) {
        // Drop only the token that was refused: another request may have renewed it in the meantime.
        const value = await token.then(
          (kept) => kept.value,
          () => undefined,
        );
        if (`Bearer ${value}` === used) access.tokens.delete(key);
      }
      const better = await header(authority);
      return better === used ? undefined : better;
    },
  };
}
