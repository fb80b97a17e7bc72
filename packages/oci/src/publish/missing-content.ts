import { RegistryRefusal } from "../refusals/registry-refusal.ts";
import type { Blob, Manifest } from "../spec/artifact.ts";

/** The parts of a manifest that a registry may lack. */
export interface MissingParts {
  readonly blobs: readonly Blob[];
  readonly children: readonly Manifest[];
  /**
   * What the refusal says: `these-are-missing` names the parts above. `something-is-missing` does not say which, so the
   * parts above are all there are. `manifest-is-invalid` may have another reason altogether; zot answers it for missing
   * content too.
   */
  readonly says: "these-are-missing" | "something-is-missing" | "manifest-is-invalid";
}

/**
 * What a registry may lack, read from its refusal of a manifest (distribution-spec §Error Codes: code-1, code-5 and code-7);
 * undefined if the refusal has another reason. Registries put the digests into `detail`, into the message, or nowhere.
 */
export function missingParts(error: unknown, { blobs, children }: Manifest): MissingParts | undefined {
  if (!(error instanceof RegistryRefusal) || (error.status !== 400 && error.status !== 404)) return undefined;
  const lacking =
    error.hasCode("BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN") ||
    /unknown blob|blob unknown/i.test(error.text);
  if (!lacking && !error.hasCode("MANIFEST_INVALID")) return undefined;
  const isNamed = ({ descriptor }: Blob | Manifest) => error.text.includes(descriptor.digest);
  const named = { blobs: blobs.filter(isNamed), children: children.filter(isNamed) };
  if (named.blobs.length + named.children.length > 0) return { ...named, says: "these-are-missing" };
  return { blobs, children, says: lacking ? "something-is-missing" : "manifest-is-invalid" };
}
