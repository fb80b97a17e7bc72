import type { SentCredentials } from "../refusals/sent-credentials.ts";
import type { Repository } from "../spec/reference.ts";

/** How we identify ourselves to one registry. */
export type Credential =
  /** `because` completes "No credentials were sent to X:" if the registry refuses. */
  | { readonly kind: "anonymous"; readonly because?: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A refresh token, exchanged with the OAuth2 POST form (Docker config `identitytoken`). */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent unchanged (Docker config `registrytoken`). */
  | { readonly kind: "registry-token"; readonly token: string };

/** Finds the credential for a repository; called once per repository and run. */
export type CredentialSource = (repository: Repository) => Promise<Credential>;

/**
 * What a request needs permission for. `inspect` reads, but asks for a token that also allows pushing, so that a publication
 * needs only one token; a token for reading is enough.
 */
export type Access = "pull" | "inspect" | "push";

/** Whose requests are sent with a credential, to be shown if they are refused. */
export function senderOf(credential: Credential): SentCredentials {
  switch (credential.kind) {
    case "anonymous":
      return { kind: "none", ...(credential.because === undefined ? {} : { because: credential.because }) };
    case "basic":
      return { kind: "user", name: credential.username };
    default:
      return { kind: "token" };
  }
}
