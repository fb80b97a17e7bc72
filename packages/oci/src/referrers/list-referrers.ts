import { readBounded } from "@spin-publisher/http";
import type { Access } from "../auth/credential.ts";
import { nextPage } from "../client/next-page.ts";
import { pullManifest, type Sender } from "../client/pull.ts";
import type { FetchedManifest, RegistryClient } from "../client/types.ts";
import { refusal } from "../refusals/registry-refusal.ts";
import type { Digest } from "../spec/digest.ts";
import { type Descriptor, type ImageManifest, mediaTypes } from "../spec/image-spec.ts";
import { childrenOf, manifestLimit, parseManifestDocument } from "../spec/parse-manifest.ts";
import { formatReference, type Repository } from "../spec/reference.ts";
import { referrersTag } from "./referrer.ts";

/** What refers to a digest, and where readers find that out. */
export interface Referrers {
  /** The registry's referrers API, or a tag that clients maintain where it has none. */
  readonly via: "api" | "tag";
  readonly manifests: readonly Descriptor[];
}

/** Answers that mean "no such API"; the same as for cosign, whose readers look for the tag then. */
const unsupported = [400, 404, 405, 406];

/** More pages than any digest has referrers for. */
const pageLimit = 20;

/**
 * Lists what refers to a digest, as verifiers do: from the API (distribution-spec end-12), or if there is none, from the tag.
 * ghcr.io has none: it answers 404, or redirects to a web page, which is not followed.
 *
 * @throws Error when the registry refuses to answer, or the tag is something else than a list.
 */
export async function listReferrers(
  client: Sender,
  repository: Repository,
  digest: Digest,
  access: Access,
): Promise<Referrers> {
  const listed = await fromApi(client, repository, digest, access);
  if (listed !== undefined) return { via: "api", manifests: listed };
  return { via: "tag", manifests: await fromTag(client, repository, digest, access) };
}

async function fromApi(
  client: Sender,
  repository: Repository,
  digest: Digest,
  access: Access,
): Promise<readonly Descriptor[] | undefined> {
  const what = formatReference({ ...repository, digest });
  const list = `referrers/${digest}`;
  const found: Descriptor[] = [];
  let path: string | undefined = list;
  for (let page = 0; path !== undefined; page += 1) {
    if (page === pageLimit)
      throw new Error(
        `${repository.registry} returned more than ${pageLimit} pages of referrers of ${what}.`,
      );
    const response: Response = await client.send({
      method: "GET",
      repository,
      path,
      access,
      headers: { accept: mediaTypes.index },
      redirect: "manual",
      bodyLimit: manifestLimit,
    });
    const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    const redirected = response.status >= 300 && response.status < 400;
    if (unsupported.includes(response.status) || redirected || (response.ok && type !== mediaTypes.index)) {
      await response.body?.cancel();
      return undefined;
    }
    if (response.status !== 200)
      throw await refusal(response, "list what refers to", { ...repository, digest });
    const bytes = await readBounded(response, manifestLimit, `the referrers of ${what}`);
    found.push(...entriesOf(bytes, `the referrers of ${what}`));
    path = nextPage(list, response);
  }
  return found;
}

/** The entries of an index; Go programs write an empty list as null. */
function entriesOf(bytes: Uint8Array, what: string): readonly Descriptor[] {
  const text = new TextDecoder().decode(bytes);
  if (/"manifests"\s*:\s*null/.test(text)) return [];
  return childrenOf(parseManifestDocument(bytes, mediaTypes.index, what).document) ?? [];
}

/** The entries of the tag; none if it does not exist. */
export async function fromTag(
  client: Sender,
  repository: Repository,
  digest: Digest,
  access: Access,
): Promise<readonly Descriptor[]> {
  const tag = referrersTag(digest);
  const list = await pullManifest(client, { ...repository, tag }, access);
  const entries = list === undefined ? [] : childrenOf(list.document);
  if (entries !== undefined) return entries;
  throw new Error(
    `${formatReference({ ...repository, tag })} is not a list of referrers. Delete that tag: its name is reserved for one.`,
  );
}

/** A referrer of one type: its manifest, and the one layer that is the artifact. */
export interface Attached {
  readonly digest: Digest;
  readonly layer: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

/** At most so many are looked at, the newest first: anybody who may push can attach thousands. */
const mostRead = 32;

/**
 * The referrers of one artifact type. What decides is the manifest itself: entries of lists omit its type, or have the
 * config's instead (sigstore/cosign#5098). One request for each candidate.
 */
export async function attachedOf(
  client: Pick<RegistryClient, "manifest">,
  repository: Repository,
  manifests: readonly Descriptor[],
  artifactType: string,
): Promise<readonly Attached[]> {
  const candidates = manifests
    .filter((entry) => [undefined, artifactType, mediaTypes.empty].includes(entry.artifactType))
    .slice(-mostRead)
    .reverse();
  const found = await Promise.all(
    candidates.map(async ({ digest }) => {
      const manifest = await client.manifest({ ...repository, digest });
      return manifest === undefined ? [] : attachedIn(manifest, artifactType);
    }),
  );
  return found.flat();
}

function attachedIn({ descriptor, document }: FetchedManifest, artifactType: string): readonly Attached[] {
  if (!isManifest(document)) return [];
  const [layer, ...others] = document.layers;
  const type = document.artifactType ?? document.config.mediaType;
  if (type !== artifactType || layer?.mediaType !== artifactType || others.length > 0) return [];
  return [{ digest: descriptor.digest, layer, annotations: document.annotations ?? {} }];
}

function isManifest(document: FetchedManifest["document"]): document is ImageManifest {
  return "layers" in document;
}
