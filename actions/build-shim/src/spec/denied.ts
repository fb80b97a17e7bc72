import { RegistryRefusal } from "@spin-publisher/oci";

/**
 * Runs `read`, and where a registry denies access says which part of the image that was about, and what to do.
 *
 * @param advice a sentence in place of the general advice, which is about the image's registry.
 */
export async function whenDenied<Result>(advice: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RegistryRefusal) || ![401, 403].includes(error.status)) throw error;
    throw error.advising(advice);
  }
}
