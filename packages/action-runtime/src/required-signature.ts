import type { RegistryClient } from "@spin-publisher/oci";
import { requiredSigner, requiringSignature, type SignatureCheck } from "@spin-publisher/signing";
import { text } from "./inputs.ts";
import { readTrustRoot } from "./signing-inputs.ts";

/**
 * What an input of that name demands of the artifacts that are built on, by the inputs `signature-issuer` and `trusted-root`;
 * undefined if it is empty.
 *
 * @throws Error when it is not a regular expression.
 */
export function requiredSignature(name: string): ((client: RegistryClient) => SignatureCheck) | undefined {
  const pattern = text(name);
  if (pattern === "") return undefined;
  const signer = requiredSigner(pattern, text("signature-issuer"));
  const path = text("trusted-root");
  return (client) => requiringSignature(signer, client, () => readTrustRoot(path));
}
