import { readFile } from "node:fs/promises";
import { messageOf } from "@spin-publisher/errors";
import { parseTrustRoot, publicTrustRoot, type TokenRequest, type TrustRoot } from "@spin-publisher/signing";
import type { GitHubEvent } from "./event.ts";
import { choice, text } from "./inputs.ts";

/** How this run signs what it publishes. */
export interface Signing {
  /** Whether an ID token that names a repository which is not public ends it, without an error. */
  readonly onlyPublic: boolean;
  readonly request: TokenRequest;
  /** Whom to believe when a signature that exists already is verified. */
  readonly trustRoot: () => Promise<TrustRoot>;
}

/**
 * Whether and how this run signs, from the inputs `sign` and `trusted-root`; undefined if it does not.
 *
 * `auto` signs where an ID token is to be had and the repository is public: a signature names the repository, the workflow and
 * the commit in public logs that forget nothing. Only GitHub itself issues tokens that the public Sigstore accepts.
 *
 * @param dryRun nothing is published, so nothing is signed.
 * @throws Error when a signature is demanded and the job may not have an ID token.
 */
export function readSigning(
  { serverUrl, visibility }: GitHubEvent,
  dryRun: boolean,
  environment: NodeJS.ProcessEnv = process.env,
): Signing | undefined {
  const mode = choice("sign", ["auto", "true", "false"]);
  if (mode === "false" || dryRun) return undefined;
  const request = tokenRequest(environment);
  const trustRoot = () => readTrustRoot(text("trusted-root"));
  if (mode === "true") {
    if (request !== undefined) return { onlyPublic: false, request, trustRoot };
    throw new Error(
      'Input "sign" is true, but this job has no ID token to sign with. Give it `permissions: id-token: write` (a job that calls a reusable workflow must grant it, too), or set sign: false.',
    );
  }
  const isPublic = (visibility ?? "public") === "public" && serverUrl === "https://github.com";
  return request !== undefined && isPublic ? { onlyPublic: true, request, trustRoot } : undefined;
}

/** The runner sets both for a job that may have an ID token. */
function tokenRequest({
  ACTIONS_ID_TOKEN_REQUEST_URL: url,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
}: NodeJS.ProcessEnv): TokenRequest | undefined {
  return url && token ? { url, token } : undefined;
}

/** @param path empty for the public Sigstore. @throws Error when it cannot be read, or is something else. */
export async function readTrustRoot(path: string): Promise<TrustRoot> {
  if (path === "") return publicTrustRoot();
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new Error(`Input "trusted-root" names a file that cannot be read: ${messageOf(cause)}.`, { cause });
  });
  return parseTrustRoot(bytes, `"${path}"`);
}
