import type { Repository } from "../spec/reference.ts";

/** What identifies us to one registry. */
export type Credential =
  | { readonly kind: "anonymous" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A refresh token, exchanged by the OAuth2 POST form (Docker config `identitytoken`). */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is (Docker config `registrytoken`). */
  | { readonly kind: "registry-token"; readonly token: string };

/** Finds the credential for a repository; asked once for each repository and run. */
export type CredentialSource = (repository: Repository) => Promise<Credential>;

/**
 * What a request is allowed to do: `inspect` wants a token that will also do for pushing, so that a publication asks
 * for one token only, but makes do with reading.
 */
export type Access = "pull" | "inspect" | "push";
