import type { Repository } from "../spec/reference.ts";
import type { Credential, CredentialSource } from "./credential.ts";

/** Where credentials may come from, the first that has one winning. */
export interface CredentialOrder {
  /** What the user gave. */
  readonly explicit?: Credential;
  /** The registry that `explicit` is for; without it every registry that is asked for anything gets to see it. */
  readonly explicitFor?: string;
  readonly dockerConfig: CredentialSource;
  /** The job's own token, and the only registry that may ever see it. */
  readonly jobToken?: { readonly registry: string; readonly username: string; readonly password: string };
}

/**
 * Explicit inputs, then Docker's configuration, then the job's token at its own registry, then nobody.
 */
export function credentialOrder({
  explicit,
  explicitFor,
  dockerConfig,
  jobToken,
}: CredentialOrder): CredentialSource {
  return async (repository: Repository) => {
    const meant = explicitFor === undefined || explicitFor === repository.registry;
    if (explicit !== undefined && meant) return explicit;
    const configured = await dockerConfig(repository);
    if (configured.kind !== "anonymous") return configured;
    if (jobToken !== undefined && jobToken.registry === repository.registry) {
      return { kind: "basic", username: jobToken.username, password: jobToken.password };
    }
    return { kind: "anonymous" };
  };
}
