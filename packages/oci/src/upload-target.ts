import type { Repository } from "./reference.ts";
import type { RegistryClient } from "./registry.ts";

/** Where content is brought, and what stops it. */
export interface UploadTarget {
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly signal: AbortSignal;
}
