import { RegistryRefusal } from "../refusals/registry-refusal.ts";
import type { Blob, Manifest } from "../spec/artifact.ts";

/** The parts of a manifest that a registry may not have. */
export interface MissingParts {
  readonly blobs: readonly Blob[];
  readonly children: readonly Manifest[];
  /**
   * `named`: the registry said that it lacks these. `some`: it said that it lacks something. `perhaps`: its refusal may
   * have another reason altogether.
   */
  readonly certainty: "named" | "some" | "perhaps";
}

/**
 * What a registry may lack, read from its refusal of a manifest (distribution-spec §Error Codes: code-1, code-5 and code-7);
 * undefined where the refusal has another reason. The digests stand in `detail`, in the message, or nowhere, and zot calls
 * the manifest invalid.
 */
export function missingParts(error: unknown, { blobs, children }: Manifest): MissingParts | undefined {
  if (!(error instanceof RegistryRefusal) || (error.status !== 400 && error.status !== 404)) return undefined;
  const lacking =
    error.hasCode("BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN") ||
    /unknown blob|blob unknown/i.test(error.text);
  if (!lacking && !error.hasCode("MANIFEST_INVALID")) return undefined;
  const isNamed = ({ descriptor }: Blob | Manifest) => error.text.includes(descriptor.digest);
  const named = { blobs: blobs.filter(isNamed), children: children.filter(isNamed) };
  if (named.blobs.length + named.children.length > 0) return { ...named, certainty: "named" };
  return { blobs, children, certainty: lacking ? "some" : "perhaps" };
}
