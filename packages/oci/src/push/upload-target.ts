import type { RegistryClient } from "../client/types.ts";
import type { Repository } from "../spec/reference.ts";

/** Where content is uploaded to, and the signal that stops it. */
export interface UploadTarget {
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly signal: AbortSignal;
}
