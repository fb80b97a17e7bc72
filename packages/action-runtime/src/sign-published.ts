import { info, setSecret } from "@actions/core";
import type { Fetch } from "@spin-publisher/http";
import {
  type Attached,
  type Attachment,
  attachReferrers,
  childrenOf,
  type Descriptor,
  type Digest,
  listReferrers,
  type Manifest,
  parseManifestDocument,
  type Referrers,
  type RegistryClient,
  type Repository,
} from "@spin-publisher/oci";
import {
  bundleManifest,
  bundlesAmong,
  fetchIdentityToken,
  type IdentityToken,
  isSignature,
  type Material,
  type Proof,
  proofsIn,
  provenanceOf,
  provenancePredicate,
  signaturePredicate,
  signStatement,
  statementAbout,
} from "@spin-publisher/signing";
import type { Signing } from "./signing-inputs.ts";

/** The signature of what was published. */
export interface Signature {
  /** Of the manifest that attaches it. */
  readonly digest: Digest;
  /** Whose it is: the URL of the workflow and its ref. */
  readonly identity: string;
  readonly issuer: string;
  /** `owner/name`: a called workflow signs for many. */
  readonly repository: string;
}

/** What is signed, and where it is. */
export interface Published {
  readonly root: Manifest;
  readonly repository: Repository;
  readonly serverUrl: string;
  /** What it was built from; undefined if it was not built in this run, which then says nothing about its origin. */
  readonly materials: readonly Material[] | undefined;
}

/** A manifest that is signed, and what is attached to it. */
interface Subject {
  readonly descriptor: Descriptor;
  readonly known: Referrers;
  readonly bundles: readonly Attached[];
}

/** What this job's identity has stated about a subject already: predicate type → manifest that attaches it. */
type Stated = ReadonlyMap<string, Digest>;

/**
 * Signs what is published and states its provenance; of an index also each image, since somebody may deploy it by its digest.
 * What the same identity has stated about the same digest stays the only one; what is missing is added, so that a run that
 * ended between tag and signature is completed by the next.
 *
 * @returns the signature of the root; undefined if the repository turns out not to be public.
 * @throws Error naming the service that failed, or the list that does not show the signature.
 */
export async function signPublished(
  { root, repository, serverUrl, materials }: Published,
  signing: Signing,
  client: RegistryClient,
  fetch: Fetch,
): Promise<Signature | undefined> {
  const [identity, subjects] = await Promise.all([
    fetchIdentityToken(signing.request, serverUrl, fetch),
    Promise.all(signable(root).map((descriptor) => lookUp(descriptor, repository, client))),
  ]);
  setSecret(identity.token);
  if (signing.onlyPublic && identity.visibility !== "public") {
    info(`  not signed: the repository is ${identity.visibility}, and a signature names it in public`);
    return undefined;
  }
  const stated = await statedBy(identity, subjects, repository, signing, client);
  const predicates = {
    [signaturePredicate]: {},
    ...(materials === undefined ? {} : { [provenancePredicate]: provenanceOf(identity.run, materials) }),
  };
  const made = await Promise.all(
    Object.entries(predicates).map(async ([type, predicate]) => {
      const missing = subjects.filter((_, position) => stated[position]?.has(type) !== true);
      if (missing.length === 0) return [];
      const digests = missing.map(({ descriptor }) => descriptor.digest);
      const signed = await signStatement(statementAbout(digests, type, predicate), identity.token, fetch);
      return missing.map(
        ({ descriptor }) => [descriptor.digest, bundleManifest(signed, descriptor)] as const,
      );
    }),
  );
  const attachments = subjects.flatMap(({ descriptor: { digest }, known }): readonly Attachment[] => {
    const referrers = made.flat().flatMap(([subject, manifest]) => (subject === digest ? [manifest] : []));
    return referrers.length === 0 ? [] : [{ subject: digest, referrers, known }];
  });
  await attachReferrers({ client, repository, signal: new AbortController().signal }, attachments);
  info(`  ${attachments.length === 0 ? "already signed" : "signed"} as ${identity.identity}`);
  const added = attachments.find(({ subject }) => subject === root.descriptor.digest)?.referrers;
  const digest = added?.find(isSignature)?.descriptor.digest ?? stated[0]?.get(signaturePredicate);
  const { issuer, run } = identity;
  return digest && { digest, identity: identity.identity, issuer, repository: run.repository };
}

/**
 * The root first, then what an index lists: read from its document, since a promoted index has no children to deliver.
 * BuildKit's attestations have the platform unknown/unknown; nobody deploys them.
 */
function signable({ descriptor, bytes }: Manifest): readonly Descriptor[] {
  const { document } = parseManifestDocument(bytes, descriptor.mediaType, "The published manifest");
  const images = (childrenOf(document) ?? []).filter(({ platform }) => platform?.os !== "unknown");
  return [descriptor, ...images];
}

async function lookUp(
  descriptor: Descriptor,
  repository: Repository,
  client: RegistryClient,
): Promise<Subject> {
  const known = await listReferrers(client, repository, descriptor.digest, "push");
  return { descriptor, known, bundles: await bundlesAmong(client, repository, known) };
}

/** For each subject; nothing is verified, and nothing loaded for it, where nothing is attached. */
async function statedBy(
  { identity, issuer, run }: IdentityToken,
  subjects: readonly Subject[],
  repository: Repository,
  { trustRoot }: Signing,
  client: RegistryClient,
): Promise<readonly Stated[]> {
  if (subjects.every(({ bundles }) => bundles.length === 0)) return subjects.map(() => new Map());
  const trust = await trustRoot();
  const origin = `${run.serverUrl}/${run.repository}`;
  const isOwn = (proof: Proof) =>
    proof.identity === identity && proof.issuer === issuer && proof.repository === origin;
  return Promise.all(
    subjects.map(async ({ descriptor, bundles }) => {
      const proofs = await proofsIn(client, repository, descriptor.digest, bundles, trust);
      return new Map(proofs.filter(isOwn).map((proof) => [proof.predicateType, proof.digest]));
    }),
  );
}

/**
 * The shell line that verifies it.
 *
 * @param address `host/repository@digest`.
 * @param options.insecure the registry speaks plain HTTP, although it is not on this machine.
 */
export function verifyCommand(
  address: string,
  { identity, issuer, repository }: Signature,
  { insecure }: { readonly insecure: boolean },
): string {
  const http = insecure ? " --allow-http-registry" : "";
  return `cosign verify ${address} --certificate-identity ${quoted(identity)} --certificate-oidc-issuer ${quoted(issuer)} --certificate-github-workflow-repository ${quoted(repository)}${http}`;
}

/** Names of branches may hold what a shell interprets. */
function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
