import { randomUUID } from "node:crypto";
import type { Exchange } from "./exchange.ts";
import type { Persona } from "./persona.ts";
import { json, noSuchEndpoint, type Reply, refusal } from "./reply.ts";
import type { Route } from "./route.ts";

export type Action = "pull" | "push" | "delete";

/** How the registry authenticates its users. */
export interface Authentication {
  readonly scheme: "basic" | "bearer";
  /** Passwords by user name. */
  readonly users: Readonly<Record<string, string>>;
  /**
   * Whom a password belongs to; by default the user of `users` who has it. GitHub's registry goes by the token
   * alone and ignores the name that comes with it.
   */
  readonly identify?: (user: string, password: string) => string | undefined;
  /** Whether a user (undefined: anonymous) may do something. By default every user may, and anonymous clients may not. */
  readonly permits?: (user: string | undefined, action: Action, repository: string) => boolean;
  /** Life of a bearer token in seconds; 60 by default, the least the token specification knows. */
  readonly tokenSeconds?: number;
}

export interface Gate {
  /** The reply to give instead of an answer, or undefined where the sender may go on. */
  check(route: Route, exchange: Exchange): Reply | undefined;
  /** The token endpoint, GET (Docker's token specification) and POST (its OAuth2 form). */
  token(exchange: Exchange): Promise<Reply>;
  expireTokens(): void;
}

interface Token {
  readonly user: string | undefined;
  readonly expiresAt: number;
  /** `action repository` */
  readonly granted: ReadonlySet<string>;
}

const service = "sandbox";

/** @param now milliseconds since the epoch */
export function createAuthentication(
  settings: Authentication | undefined,
  persona: Persona,
  now: () => number,
): Gate {
  const tokens = new Map<string, Token>();
  const refreshTokens = new Map<string, string>();
  if (settings === undefined) {
    return { check: () => undefined, token: async () => noSuchEndpoint(), expireTokens() {} };
  }
  const { scheme, users, tokenSeconds = 60 } = settings;
  const permits = settings.permits ?? ((user) => user !== undefined);
  const identify =
    settings.identify ??
    ((user, password) => (Object.hasOwn(users, user) && users[user] === password ? user : undefined));

  function checkBasic(needed: readonly Scope[], { headers }: Exchange): Reply | undefined {
    const sender = basicCredential(headers.authorization ?? "");
    const user = sender === undefined ? undefined : identify(sender.user, sender.password);
    const allowed = needed.every(({ action, repository }) => permits(user, action, repository));
    if (sender === undefined) {
      return allowed && needed.length > 0 ? undefined : unauthorized('Basic realm="sandbox"');
    }
    if (user === undefined) return unauthorized('Basic realm="sandbox"');
    return allowed ? undefined : refusal(403, "DENIED", "requested access to the resource is denied");
  }

  function checkBearer(needed: readonly Scope[], { headers, self }: Exchange): Reply | undefined {
    const header = headers.authorization ?? "";
    const [, presented] = /^bearer +(\S+)$/i.exec(header) ?? [];
    const token = presented === undefined ? undefined : tokens.get(presented);
    const alive = token !== undefined && now() < token.expiresAt;
    if (alive && needed.every(({ action, repository }) => token.granted.has(`${action} ${repository}`))) {
      return undefined;
    }
    if (alive && persona.deniesOutright) return refusal(403, "DENIED", "permission_denied: write_package");
    const error = presented === undefined ? "" : `,error="${alive ? "insufficient_scope" : "invalid_token"}"`;
    const scope = scopesText(needed)
      .map((text) => `,scope="${text}"`)
      .join("");
    return unauthorized(`Bearer realm="${self}/token",service="${service}"${scope}${error}`);
  }

  function grant(user: string | undefined, scopes: readonly string[], offline: boolean): Reply {
    const granted = new Set<string>();
    for (const { action, repository } of scopes.flatMap(parseScope)) {
      if (permits(user, action, repository)) granted.add(`${action} ${repository}`);
    }
    const token = randomUUID();
    tokens.set(token, { user, granted, expiresAt: now() + tokenSeconds * 1000 });
    const refresh = offline && user !== undefined ? { refresh_token: refreshTokenOf(user) } : {};
    const issued = new Date(now()).toISOString();
    return json(200, { token, access_token: token, expires_in: tokenSeconds, issued_at: issued, ...refresh });
  }

  function refreshTokenOf(user: string): string {
    const token = randomUUID();
    refreshTokens.set(token, user);
    return token;
  }

  return {
    check(route, exchange) {
      const needed = scopesNeeded(route, exchange.method, exchange.query);
      return scheme === "basic" ? checkBasic(needed, exchange) : checkBearer(needed, exchange);
    },
    async token({ method, query, headers, body }) {
      if (scheme !== "bearer") return noSuchEndpoint();
      if (method === "GET") {
        const sender = basicCredential(headers.authorization ?? "");
        const user = sender === undefined ? undefined : identify(sender.user, sender.password);
        if (sender !== undefined && user === undefined) return denied(persona);
        return grant(user, query.getAll("scope"), query.get("offline_token") === "true");
      }
      if (method !== "POST") return refusal(405, "UNSUPPORTED", "a token is asked for with GET or POST");
      const form = new URLSearchParams(await text(body));
      const scopes = (form.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
      const user =
        form.get("grant_type") === "refresh_token"
          ? refreshTokens.get(form.get("refresh_token") ?? "")
          : identify(form.get("username") ?? "", form.get("password") ?? "");
      if (user === undefined) return denied(persona);
      return grant(user, scopes, form.get("access_type") === "offline");
    },
    expireTokens() {
      tokens.clear();
    },
  };
}

interface Scope {
  readonly action: Action;
  readonly repository: string;
}

/** What a request needs permission for; a mount also reads the repository it takes the blob from. */
function scopesNeeded(route: Route, method: string, query: URLSearchParams): readonly Scope[] {
  if (!("repository" in route)) return [];
  const { repository } = route;
  if (method === "GET" || method === "HEAD") return [{ action: "pull", repository }];
  if (method === "DELETE" && route.kind !== "upload") return [{ action: "delete", repository }];
  const needed: Scope[] = [
    { action: "pull", repository },
    { action: "push", repository },
  ];
  const from = query.has("mount") ? query.get("from") : null;
  return from === null ? needed : [...needed, { action: "pull", repository: from }];
}

function scopesText(needed: readonly Scope[]): readonly string[] {
  const actions = new Map<string, Action[]>();
  for (const { action, repository } of needed) {
    actions.set(repository, [...(actions.get(repository) ?? []), action]);
  }
  return [...actions].map(([repository, list]) => `repository:${repository}:${list.join(",")}`);
}

function parseScope(scope: string): readonly Scope[] {
  const [, repository, list] = /^repository:(.+):([a-z,*]+)$/.exec(scope) ?? [];
  if (repository === undefined || list === undefined) return [];
  const all: readonly Action[] = ["pull", "push", "delete"];
  const asked = list.split(",");
  return all
    .filter((action) => asked.includes(action) || asked.includes("*"))
    .map((action) => ({ action, repository }));
}

function basicCredential(header: string): { readonly user: string; readonly password: string } | undefined {
  const [, encoded] = /^basic +(\S+)$/i.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, "base64").toString();
  const colon = decoded.indexOf(":");
  return { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function unauthorized(challenge: string): Reply {
  return refusal(401, "UNAUTHORIZED", "authentication required", {
    headers: { "www-authenticate": challenge },
  });
}

function denied({ deniesOutright }: Persona): Reply {
  if (deniesOutright) return refusal(403, "DENIED", "denied");
  return refusal(401, "UNAUTHORIZED", "the user name or the password is wrong");
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
