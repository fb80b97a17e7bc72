import type { Repository } from "../spec/reference.ts";
import type { Credential, CredentialSource } from "./credential.ts";

/** Where credentials may come from; the first source that has one wins. */
export interface CredentialOrder {
  /** Supplied by the user as inputs. */
  readonly explicit?: Credential;
  /** The registry that `explicit` is for; if omitted, it is sent to every registry that asks. */
  readonly explicitFor?: string;
  readonly dockerConfig: CredentialSource;
  /** The job's token, and the only registry it is ever sent to. */
  readonly jobToken?: { readonly registry: string; readonly username: string; readonly password: string };
}

/**
 * Explicit inputs, then Docker's configuration, then the job's token for its own registry, then anonymous.
 */
export function credentialOrder({
  explicit,
  explicitFor,
  dockerConfig,
  jobToken,
}: CredentialOrder): CredentialSource {
  return async (repository: Repository) => {
    const applies = explicitFor === undefined || explicitFor === repository.registry;
    if (explicit !== undefined && applies) return explicit;
    const configured = await dockerConfig(repository);
    if (configured.kind !== "anonymous") return configured;
    if (jobToken === undefined) return { kind: "anonymous" };
    const { registry, username, password } = jobToken;
    if (registry === repository.registry) return { kind: "basic", username, password };
    return { kind: "anonymous", because: `the job's token is sent to ${registry} only` };
  };
}
