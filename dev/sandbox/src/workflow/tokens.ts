import { randomBytes } from "node:crypto";
import { ownerOf } from "../action/event.ts";
import type { Authentication } from "../registry/authentication.ts";
import type { Permissions } from "./permissions.ts";

/** The tokens of jobs, and a registry's view of them. */
export interface JobTokens {
  /** For `startRegistry`: knows the tokens that were issued here, and what they may do. */
  readonly authentication: Authentication;
  issue(repository: string, permissions: Permissions): string;
}

/**
 * Issues job tokens that a registry honours as GitHub's does: a push needs `packages: write` and stays below the
 * repository's owner; what was pushed there can be read with `packages: read`; packages of other owners are public.
 */
export function createJobTokens(): JobTokens {
  const issued = new Map<string, { readonly owner: string; readonly permissions: Permissions }>();
  return {
    authentication: {
      scheme: "bearer",
      users: {},
      identify: (_user, password) => (issued.has(password) ? password : undefined),
      permits(token, action, repository) {
        const grant = token === undefined ? undefined : issued.get(token);
        const [owner] = repository.split("/");
        const own = grant !== undefined && owner === grant.owner;
        if (action !== "pull") return own && action === "push" && grant.permissions.packages === "write";
        const someOwner = [...issued.values()].some((other) => other.owner === owner);
        return !someOwner || (own && grant.permissions.packages !== undefined);
      },
    },
    issue(repository, permissions) {
      const token = `ghs_${randomBytes(18).toString("hex")}`;
      issued.set(token, { owner: ownerOf(repository).toLowerCase(), permissions });
      return token;
    },
  };
}
