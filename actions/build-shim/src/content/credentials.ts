import type { Credential, CredentialSource } from "@spin-publisher/oci";
import type { RequestedContent } from "./requested-content.ts";

/**
 * Credentials that are used for the content's repository only; everything else has the usual ones.
 *
 * @param given undefined where the content has no credentials of its own.
 */
export function withContentCredentials(
  usual: CredentialSource,
  content: RequestedContent,
  given: Credential | undefined,
): CredentialSource {
  if (given === undefined || content.kind !== "registry") return usual;
  const { registry, name } = content.reference;
  return async (repository) =>
    repository.registry === registry && repository.name === name ? given : usual(repository);
}
