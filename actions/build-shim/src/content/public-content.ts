import { type Fetch, isLoopback, withSignal } from "@spin-publisher/http";
import { createRegistryClient, type RegistryReader, RegistryRefusal } from "@spin-publisher/oci";
import type { ContentReference } from "./requested-content.ts";

/**
 * Why a pod may be unable to pull the content, as a message for people: Spin pulls it itself, and a cluster's pull
 * secrets are for images only. Undefined where anyone can pull it, and where that is not known.
 *
 * @param anonymous a reader without credentials.
 */
export async function whyNotPullable(
  reference: ContentReference,
  anonymous: RegistryReader,
): Promise<string | undefined> {
  const { registry, name } = reference;
  if (isLoopback(registry)) {
    return `The image pulls its content from ${registry} when it starts, which only this machine can reach. Publish the content elsewhere for other machines, or set input "embed" to app.`;
  }
  if (!(await isPrivate(reference, anonymous))) return undefined;
  return `The content in ${registry}/${name} is private. The image pulls it when it starts, and a cluster's pull secrets do not apply to that: make the package public, mount Docker credentials and point DOCKER_CONFIG at them, or set input "embed" to app.`;
}

/** Milliseconds for each request: it is a courtesy, which nobody should wait for. */
const patience = 5000;

/** A reader without credentials, which does not try again. */
export function anonymousReader(fetch: Fetch, plainHttp: boolean): RegistryReader {
  const bounded = withSignal(fetch, () => AbortSignal.timeout(patience));
  return createRegistryClient({
    fetch: (input, init) => bounded(input, { ...init, retry: "never" }),
    insecure: plainHttp,
  });
}

async function isPrivate(reference: ContentReference, anonymous: RegistryReader): Promise<boolean> {
  try {
    return (await anonymous.manifest(reference)) === undefined;
  } catch (error) {
    return error instanceof RegistryRefusal && [401, 403, 404].includes(error.status);
  }
}
