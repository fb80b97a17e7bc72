import {
  type Attached,
  attachedOf,
  blobOf,
  type Descriptor,
  type Digest,
  type Manifest,
  type Referrers,
  type RegistryReader,
  type Repository,
  referrerTo,
} from "@spin-publisher/oci";
import type { SignedStatement } from "./sign-statement.ts";
import { signaturePredicate } from "./statement.ts";
import type { TrustRoot } from "./trust-root.ts";
import { type Proof, verifyBundle } from "./verify-bundle.ts";

/** The type of a bundle v0.3 as an artifact in a registry. */
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** Bundles have some kilobytes; provenance grows with the number of materials. */
const bundleLimit = 1 << 20;

const predicateAnnotation = "dev.sigstore.bundle.predicateType";

/** The manifest that attaches a bundle, as `cosign sign` writes it; its time is the log's, not this machine's. */
export function bundleManifest(
  { bundle, predicateType, recorded }: SignedStatement,
  subject: Descriptor,
): Manifest {
  return referrerTo(subject, blobOf(bundleType, bundle), {
    "dev.sigstore.bundle.content": "dsse-envelope",
    [predicateAnnotation]: predicateType,
    "org.opencontainers.image.created": recorded.toISOString().replace(/\.\d+/, ""),
  });
}

/** Whether it attaches a signature, rather than provenance or something else. */
export function isSignature({ descriptor: { annotations } }: Manifest): boolean {
  return annotations?.[predicateAnnotation] === signaturePredicate;
}

/** The bundles among the referrers of a digest; one request for each. */
export function bundlesAmong(
  client: Pick<RegistryReader, "manifest">,
  repository: Repository,
  { manifests }: Referrers,
): Promise<readonly Attached[]> {
  return attachedOf(client, repository, manifests, bundleType);
}

/** A bundle in a registry that proves something. */
export interface StoredProof extends Proof {
  /** Of the manifest that attaches it. */
  readonly digest: Digest;
}

/**
 * What the bundles prove about the digest. One that is damaged, or proves nothing, counts as none: anybody who may push can
 * attach anything.
 *
 * @param told why a bundle proves nothing.
 */
export async function proofsIn(
  client: Pick<RegistryReader, "blob">,
  repository: Repository,
  digest: Digest,
  bundles: readonly Attached[],
  trust: TrustRoot,
  told: (reason: unknown) => void = () => {},
): Promise<readonly StoredProof[]> {
  const proofs = await Promise.all(
    bundles.map(async ({ digest: holder, layer }) => {
      try {
        const bytes = await client.blob(repository, layer, bundleLimit);
        return [{ digest: holder, ...(await verifyBundle(bytes, digest, trust)) }];
      } catch (error) {
        told(error);
        return [];
      }
    }),
  );
  return proofs.flat();
}
