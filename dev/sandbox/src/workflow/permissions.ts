import type { WorkflowEvent } from "../action/event.ts";

export type Access = "read" | "write" | "none";
/** What a job's token may do; a scope that is not named is `none`. */
export type Permissions = Readonly<Record<string, Access>>;

const scopes = [
  "actions",
  "artifact-metadata",
  "attestations",
  "checks",
  "contents",
  "deployments",
  "discussions",
  "id-token",
  "issues",
  "models",
  "packages",
  "pages",
  "pull-requests",
  "security-events",
  "statuses",
];

/** What a token has where a workflow says nothing: GitHub's restricted default. */
export const restricted: Permissions = { contents: "read", packages: "read" };

/** @throws Error for a scope or an access that does not exist. */
export function parsePermissions(value: unknown, where: string): Permissions | undefined {
  if (value === undefined) return undefined;
  if (value === "read-all" || value === "write-all") {
    const access = value === "read-all" ? "read" : "write";
    return Object.fromEntries(scopes.map((scope) => [scope, access]));
  }
  if (typeof value !== "object" || value === null)
    throw new Error(`The permissions of ${where} are no mapping.`);
  return Object.fromEntries(
    Object.entries(value).map(([scope, access]: [string, unknown]) => {
      if (!scopes.includes(scope) || (access !== "read" && access !== "write" && access !== "none"))
        throw new Error(`The permission "${scope}: ${String(access)}" of ${where} does not exist.`);
      return [scope, access];
    }),
  );
}

/**
 * What the token of a job really may do: its own permissions, the workflow's, what the calling job has, or the
 * default; a fork's never write.
 */
export function effectivePermissions(
  workflow: Permissions | undefined,
  job: Permissions | undefined,
  event: WorkflowEvent,
  granted: Permissions = restricted,
): Permissions {
  const asked = job ?? workflow ?? granted;
  const permitted = Object.entries(asked).map(([scope, access]) => {
    if (!isFromFork(event) || access !== "write") return [scope, access];
    return [scope, scope === "id-token" ? "none" : "read"];
  });
  return Object.fromEntries(permitted.filter(([, access]) => access !== "none"));
}

/** Whether a pull request comes from another repository: its token is read-only, and it gets no secrets. */
export function isFromFork({ name, payload, repository }: WorkflowEvent): boolean {
  const pullRequest = Object(payload.pull_request);
  return name === "pull_request" && Object(Object(pullRequest.head).repo).full_name !== repository;
}
