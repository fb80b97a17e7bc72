import type { Repository } from "../spec/reference.ts";
import type { Access } from "./credential.ts";

/** What an `Authorization` header is needed for. */
export interface Authority {
  readonly repository: Repository;
  readonly access: Access;
  /** The source of a mount, in the same registry. */
  readonly alsoPull?: Repository;
}

/**
 * The token scopes that a request needs. A mount's scope goes into the same token as the push, as Docker Hub requires
 * (oras-project/rust-oci-client#235); the push comes first, because some services read only the first scope.
 */
export function scopesOf({ repository, access, alsoPull }: Authority): readonly string[] {
  const own = `repository:${repository.name}:${access === "pull" ? "pull" : "pull,push"}`;
  return alsoPull === undefined ? [own] : [own, `repository:${alsoPull.name}:pull`];
}

/**
 * What to ask for when a token service refuses the full set of scopes: without the source of a mount, which may belong to
 * somebody else, or with reading only. Undefined if nothing less is enough.
 */
export function lesserAuthority({ repository, access, alsoPull }: Authority): Authority | undefined {
  if (alsoPull !== undefined) return { repository, access };
  return access === "inspect" ? { repository, access: "pull" } : undefined;
}

/** Whether one of `own` grants at least what `scope` does. */
export function covers(own: readonly string[], scope: string): boolean {
  const { resource, actions } = parts(scope);
  return own.map(parts).some((candidate) => {
    return candidate.resource === resource && actions.every((action) => candidate.actions.includes(action));
  });
}

/** `type:name:actions`, where the name may hold a port. */
function parts(scope: string): { readonly resource: string; readonly actions: readonly string[] } {
  const last = scope.lastIndexOf(":");
  return { resource: scope.slice(0, Math.max(0, last)), actions: scope.slice(last + 1).split(",") };
}
