import type { Blob, Manifest } from "./artifact.ts";
import { RegistryRefusal } from "./refusals.ts";

/** The parts of a manifest that a registry does not have. */
export interface MissingParts {
  readonly blobs: readonly Blob[];
  readonly children: readonly Manifest[];
  /** Whether the registry said which they are; otherwise it may be any of these. */
  readonly named: boolean;
}

/**
 * What a registry lacks, read from its refusal of a manifest (distribution-spec §Error Codes: code-1, code-5 and code-7;
 * the digests stand in `detail`, in the message, or nowhere). Undefined where the refusal has another reason.
 */
export function missingParts(error: unknown, { blobs, children }: Manifest): MissingParts | undefined {
  if (!(error instanceof RegistryRefusal) || error.status < 400 || error.status >= 500) return undefined;
  const lacking =
    error.hasCode("BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN") ||
    /unknown blob|blob unknown/i.test(error.text);
  if (!lacking) return undefined;
  const isNamed = ({ descriptor }: Blob | Manifest) => error.text.includes(descriptor.digest);
  const named = { blobs: blobs.filter(isNamed), children: children.filter(isNamed), named: true };
  return named.blobs.length + named.children.length > 0 ? named : { blobs, children, named: false };
}
