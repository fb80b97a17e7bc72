import { RegistryRefusal } from "./registry-refusal.ts";

const immutableStatuses = [400, 403, 405, 409, 412];
const immutableWords = /immutab|cannot be (?:overwritten|updated)|already (?:exists|assigned)|PRECONDITION/i;

/**
 * Whether a registry refused to write a tag because it keeps tags immutable itself. There is no status or code for
 * it: ECR, Docker Hub, Harbor, Artifact Registry and Quay each use their own words.
 */
export function isImmutabilityRefusal(error: unknown): error is RegistryRefusal {
  return (
    error instanceof RegistryRefusal &&
    immutableStatuses.includes(error.status) &&
    (error.status === 412 || immutableWords.test(error.text))
  );
}
