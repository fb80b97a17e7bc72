import { type Fetch, readJson } from "@spin-publisher/http";
import { isObject, type JsonObject } from "@spin-publisher/json";
import type { BuildRun } from "./provenance.ts";

/** Where a job asks for its ID token: `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`. */
export interface TokenRequest {
  readonly url: string;
  readonly token: string;
}

/** A job's ID token, and what it says about the job. Only its issuer can check it; we read it to know what it will be worth. */
export interface IdentityToken {
  /** Secret: whoever has it can sign as this job for some minutes. */
  readonly token: string;
  /** `https://token.actions.githubusercontent.com` */
  readonly issuer: string;
  /** The name that Fulcio will write into the certificate: the URL of the workflow whose job this is, with its ref. */
  readonly identity: string;
  /** `public`, `private` or `internal`. */
  readonly visibility: string;
  readonly run: BuildRun;
}

/** Fulcio's: https://docs.sigstore.dev/certificate_authority/oidc-in-fulcio */
const audience = "sigstore";

/**
 * Asks GitHub for the ID token of this job (one request).
 *
 * @param serverUrl `https://github.com`, of the run.
 * @throws Error when GitHub refuses, or answers something else than the token of a workflow.
 */
export async function fetchIdentityToken(
  { url, token }: TokenRequest,
  serverUrl: string,
  fetch: Fetch,
): Promise<IdentityToken> {
  const address = new URL(url);
  address.searchParams.set("audience", audience);
  const response = await fetch(address, {
    headers: { accept: "application/json", authorization: `Bearer ${token}` },
    bodyLimit: 64 << 10,
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(
      `GitHub did not issue an ID token (${response.status}). Check that the job has \`permissions: id-token: write\`.`,
    );
  }
  const answer = await readJson(response, 64 << 10, "GitHub's ID token");
  const value = isObject(answer) ? answer.value : undefined;
  const claims = typeof value === "string" ? claimsOf(value) : undefined;
  if (typeof value !== "string" || claims === undefined) {
    throw new Error("GitHub's answer to the request for an ID token is not a token.");
  }
  return { token: value, ...identityOf(claims, serverUrl) };
}

/** The payload of a JSON Web Token; undefined where it is none. */
function claimsOf(token: string): JsonObject | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return isObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** Claims: https://docs.github.com/actions/reference/security/oidc#oidc-token-claims */
function identityOf(claims: JsonObject, serverUrl: string): Omit<IdentityToken, "token"> {
  const claim = (name: string): string => {
    const value = claims[name];
    if (typeof value === "string" && value !== "") return value;
    throw new Error(`GitHub's ID token has no claim "${name}"; expected the token of a workflow's job.`);
  };
  const repository = claim("repository");
  const [workflow = "", workflowRef = ""] = claim("workflow_ref").split("@");
  const jobWorkflowRef = claim("job_workflow_ref");
  return {
    issuer: claim("iss"),
    identity: `${serverUrl}/${jobWorkflowRef}`,
    visibility: claim("repository_visibility"),
    run: {
      serverUrl,
      repository,
      repositoryId: claim("repository_id"),
      ownerId: claim("repository_owner_id"),
      ref: claim("ref"),
      sha: claim("sha"),
      eventName: claim("event_name"),
      workflowPath: workflow.slice(repository.length + 1),
      workflowRef,
      jobWorkflowRef,
      runnerEnvironment: claim("runner_environment"),
      runId: claim("run_id"),
      runAttempt: claim("run_attempt"),
    },
  };
}
